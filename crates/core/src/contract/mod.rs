//! One suite per seam; every implementation runs it.
