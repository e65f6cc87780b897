"""The codes of findings about state, references, provenance and bundles: severity and title of each.

V200 to V299 concern one instance, V300 to V399 several instances of one call. Each code has a page in
``docs/findings``.
"""

from __future__ import annotations

from typing import NamedTuple

from transcoder.findings import Finding, Severity

__all__ = ["CODES", "Entry", "found"]

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO


class Entry(NamedTuple):
    """Severity and title of a code."""

    severity: Severity
    title: str


CODES: dict[str, Entry] = {
    # control points
    "V201": Entry(ERROR, "Control point repeats an unchanged value"),
    "V202": Entry(ERROR, "First control point lacks an attribute"),
    "V203": Entry(WARNING, "Control point holds an item of a device that does not change"),
    "V204": Entry(ERROR, "Control point lacks a count of device items"),
    "V205": Entry(ERROR, "Count of device items differs from the items present"),
    "V206": Entry(ERROR, "Number of control points is wrong"),
    "V207": Entry(ERROR, "Control point indices do not run by one"),
    "V208": Entry(ERROR, "Meterset of the first control point is not zero"),
    "V209": Entry(ERROR, "Cumulative meterset decreases"),
    "V210": Entry(ERROR, "Final cumulative weight differs from the last control point"),
    "V211": Entry(ERROR, "Changing parameter is absent at a control point"),
    "V212": Entry(WARNING, "Changing optional parameter is absent at a control point"),
    "V213": Entry(ERROR, "Number of leaf or jaw positions does not fit the device"),
    "V214": Entry(ERROR, "Number of leaf boundaries does not fit the device"),
    "V215": Entry(ERROR, "Leaf boundaries do not increase"),
    "V216": Entry(WARNING, "Leaf boundaries of a first-generation device do not increase"),
    "V217": Entry(ERROR, "Leaf or jaw pair crosses"),
    "V218": Entry(WARNING, "Leaf or jaw position is implausible"),
    "V219": Entry(WARNING, "Rate of delivery is implausible for its unit"),
    "V220": Entry(WARNING, "Energy is implausible for its unit"),
    "V221": Entry(WARNING, "Meterset is implausible for its unit"),
    "V222": Entry(WARNING, "Rotation between two control points is implausible"),
    "V223": Entry(WARNING, "Static beam changes while it delivers"),
    "V224": Entry(WARNING, "Recorded times run backwards"),
    "V225": Entry(ERROR, "First control point lacks the position of a device"),
    "V226": Entry(WARNING, "Unchanging device is repeated at later control points"),
    "V227": Entry(WARNING, "Recorded meterset decreases"),
    "V228": Entry(INFO, "Angle is beyond a full turn"),
    "V229": Entry(WARNING, "Fraction number is beyond the fractions planned"),
    "V230": Entry(WARNING, "Number of fractions is zero"),
    "V231": Entry(WARNING, "Delivered meterset of a beam differs from its control points"),
    "V232": Entry(ERROR, "Dose mapping does not begin at zero"),
    "V233": Entry(ERROR, "Dose mapping does not rise"),
    "V234": Entry(ERROR, "Not exactly one dose is the primary one"),
    # references inside one instance
    "V240": Entry(ERROR, "Reference leads nowhere"),
    "V241": Entry(ERROR, "Number or index is not unique"),
    "V242": Entry(ERROR, "Indices do not run from one by one"),
    "V243": Entry(WARNING, "Jaw is positioned under the other name of its axis"),
    "V244": Entry(WARNING, "Two beam limiting devices of a beam have the same type"),
    "V245": Entry(ERROR, "Accessory is held by itself"),
    "V246": Entry(INFO, "Beam belongs to no fraction group"),
    "V247": Entry(ERROR, "Device is linked to an instance that is not named"),
    "V248": Entry(ERROR, "Different generation modes share one machine code"),
    "V249": Entry(ERROR, "More than one aperture block"),
    "V250": Entry(ERROR, "Referenced radiations and their parts do not match one to one"),
    # geometry
    "V270": Entry(ERROR, "Matrix is not rigid"),
    "V271": Entry(ERROR, "Matrix contradicts the displayed couch parameters"),
    "V272": Entry(ERROR, "Orientation label contradicts the orientation angle"),
    "V273": Entry(ERROR, "Definition distance contradicts the source-axis distance"),
    "V274": Entry(WARNING, "Distances of a device are in the wrong order"),
    "V275": Entry(WARNING, "Displayed couch angles and the orientation of the patient do not give the matrix"),
    "V276": Entry(ERROR, "Displayed couch parameter has another unit"),
    "V277": Entry(ERROR, "Displayed couch parameters do not follow their table"),
    "V278": Entry(WARNING, "Treatment location does not lie at the isocentre"),
    # provenance and common references
    "V280": Entry(ERROR, "More than one definition source"),
    "V281": Entry(ERROR, "Definition source is of a class not permitted here"),
    "V282": Entry(ERROR, "Definition source names no beam"),
    "V283": Entry(WARNING, "Definition source holds an attribute foreign to this place"),
    "V284": Entry(ERROR, "Definition source is the instance itself"),
    "V285": Entry(ERROR, "Definition source is absent from the common references"),
    "V286": Entry(WARNING, "Definition source is absent from the optional common references"),
    "V287": Entry(WARNING, "Definition source is also named as source of a derivation"),
    "V288": Entry(ERROR, "Referenced instance is absent from the common references"),
    "V289": Entry(WARNING, "Referenced instance is absent from the optional common references"),
    "V290": Entry(WARNING, "Common references list an instance that nothing refers to"),
    "V291": Entry(ERROR, "Common references contradict the reference"),
    "V292": Entry(ERROR, "Sequences nest too deep"),
    "V293": Entry(ERROR, "Common references list the own study among the others"),
    "V294": Entry(WARNING, "Common references list one thing twice"),
    "V295": Entry(ERROR, "Common references place one instance in two series"),
    # file meta information
    "V296": Entry(ERROR, "File meta information names another instance than the data set"),
    "V297": Entry(WARNING, "Transfer syntax is absent or not of the standard"),
    "V298": Entry(ERROR, "Elements are not in the order of their tags"),
    # across instances
    "V300": Entry(WARNING, "Two inputs have the same SOP Instance UID"),
    "V301": Entry(WARNING, "Member of a set is not among the inputs"),
    "V302": Entry(ERROR, "Reference gives another SOP Class than the instance has"),
    "V303": Entry(WARNING, "Instance belongs to no set of the inputs"),
    "V304": Entry(ERROR, "Record belongs to more than one record set"),
    "V305": Entry(ERROR, "Linked instances belong to different patients"),
    "V306": Entry(WARNING, "Linked instances belong to different studies"),
    "V307": Entry(ERROR, "Common references give another study or series than the instance has"),
    "V308": Entry(ERROR, "Frames of reference of a set differ"),
    "V309": Entry(ERROR, "Treatment devices of a set differ"),
    "V310": Entry(ERROR, "Labels of the radiations of a set are not distinct"),
    "V311": Entry(ERROR, "Treatment session of a record differs from its record set"),
    "V312": Entry(ERROR, "Meterset differs from the source"),
    "V313": Entry(WARNING, "Meterset differs from the source by rounding"),
    "V314": Entry(ERROR, "Number of fractions differs from the source"),
    "V315": Entry(ERROR, "Dose mapping does not end at the meterset of the radiation"),
    "V316": Entry(WARNING, "Delivered meterset of a normal termination differs from the plan"),
    "V317": Entry(ERROR, "Completion status contradicts the records"),
    "V318": Entry(ERROR, "Index leads nowhere in the referenced instance"),
    "V319": Entry(ERROR, "Delivery instruction does not account for each radiation of the set"),
    "V320": Entry(ERROR, "Beam of the definition source does not exist"),
    "V321": Entry(WARNING, "Beam of the definition source is ambiguous"),
    "V322": Entry(ERROR, "Definition source refers back to the instance made from it"),
    "V323": Entry(WARNING, "Frame of reference differs from the definition source"),
    "V324": Entry(WARNING, "Provenance of a set and of its parts disagrees"),
    "V325": Entry(ERROR, "Treatment record refers to what its plan does not hold"),
    "V326": Entry(WARNING, "Treatment record and plan disagree"),
    "V327": Entry(WARNING, "Record is of another treatment device than its radiation"),
    "V328": Entry(WARNING, "One patient has two names"),
    "V329": Entry(ERROR, "Specified meterset of a record differs from the plan"),
    "V330": Entry(WARNING, "Set does not have the beams of a fraction group of its source"),
    "V331": Entry(ERROR, "Record is of a radiation that the set does not hold"),
}


def found(code: str, message: str, path: str = "", cite: str = "") -> Finding:
    """A finding with the severity of its code."""
    return Finding(code, CODES[code].severity, message, path, "", cite)
