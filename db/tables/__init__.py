"""The tables themselves, by the part of the product that they belong to; `db.models` names all."""
