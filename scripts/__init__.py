"""What a developer runs beside the product: documentation from the declarations, checks of the tree, test files."""
