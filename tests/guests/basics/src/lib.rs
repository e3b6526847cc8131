//! What the hosts in other languages are tried on.
