J¡–Ú¾lÂd?mö¿nFJ¾
ÔU¿