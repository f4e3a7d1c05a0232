"""XML from devices: the plain kind only. No document types and no entities, so that nothing expands and nothing is fetched."""

from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

MAX_BYTES = 1 << 20
MAX_ELEMENTS = 50_000
MAX_DEPTH = 64


class XmlError(ValueError):
    """The octets are no XML, or of a kind that is not read."""


def parse_xml(octets: bytes, *, namespaces: bool = True) -> Element:
    """Return the root element; names carry their namespace (`local_name` takes it off). Raises XmlError.

    Without `namespaces` a prefix need not stand for any: it is part of the name, and taken off as well.
    """
    if len(octets) > MAX_BYTES:
        raise XmlError(f"it is larger than {MAX_BYTES} bytes")
    builder = _Bounded()
    parser = expat.ParserCreate(namespace_separator="}" if namespaces else None)
    parser.StartElementHandler = builder.begin
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = _no_document_type
    parser.EntityDeclHandler = _no_document_type
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    try:
        parser.Parse(octets, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise error if isinstance(error, XmlError) else XmlError(f"it is no XML: {error}") from error
    return builder.close()


def local_name(element: Element) -> str:
    """Return the name of an element without its namespace and prefix."""
    return element.tag.rpartition("}")[2].rpartition(":")[2]


def _no_document_type(*_declaration: object) -> None:
    raise XmlError("it declares a document type or an entity, which is not read")


class _Bounded:
    """Builds the tree, within limits."""

    def __init__(self) -> None:
        self._builder = TreeBuilder()
        self._depth = 0
        self._elements = 0

    def begin(self, name: str, _attributes: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > MAX_DEPTH or self._elements > MAX_ELEMENTS:
            raise XmlError("it is nested too deep or has too many elements")
        self._builder.start(name, {})

    def end(self, name: str) -> None:
        self._depth -= 1
        self._builder.end(name)

    def data(self, content: str) -> None:
        self._builder.data(content)

    def close(self) -> Element:
        return self._builder.close()
