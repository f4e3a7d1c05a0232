"""XML of devices as a tree: elements by their names without namespaces. Attributes are not read. Pure."""

from xml.etree.ElementTree import Element

from appliance.reading.sources.document_tree import DocumentError, Node
from appliance.reading.sources.safe_xml import XmlError, local_name, parse_xml


def read_xml(octets: bytes) -> tuple[str, Node]:
    """Return the name of the root element, and what is in it. Raises DocumentError."""
    try:
        root = parse_xml(octets.strip(b" \t\r\n\0"), namespaces=False)
    except XmlError as error:
        raise DocumentError(str(error)) from error
    return local_name(root), _node(root)


def _node(root: Element) -> Node:
    """Return an element as a node. It has at most `safe_xml.MAX_DEPTH` levels, so that this ends."""
    node = Node(root.text, repeats=True)
    for child in root:
        node.add(local_name(child), _node(child))
    return node
