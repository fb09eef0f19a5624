"""Pictures of a network's nested graph: SVG with a layout of our own, Graphviz, Mermaid and plain text."""
