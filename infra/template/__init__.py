"""What the deployment needs beyond Chalice's own template, made from the declarations that the code itself reads."""
