"""What a request passes on its way in and out: keys, limits of its body, one shape of refusal."""
