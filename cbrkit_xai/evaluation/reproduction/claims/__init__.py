"""The paper's claims, one a file: what it says, what is tested, and what that comes to here."""
