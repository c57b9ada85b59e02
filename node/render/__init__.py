"""Pictures of a chain of title: one data structure, drawn as text, JSON, PROV, DOT, SVG, HTML."""
