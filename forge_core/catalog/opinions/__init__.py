"""What several people say of one image: who is asked, what they answer, what is certain."""
