"""The codes of findings about sources (S), transcoding (T), mapping sheets (M) and usage (U), and their pages.

The validator keeps the tables of its own codes (V). Each code has a page in ``docs/findings``; the page is shipped
with the package and is what ``transcoder explain`` prints. No code begins with U so far: the command line tells a
wrong call in words.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

from transcoder.findings import Severity

__all__ = ["CODES", "Entry", "folder", "page", "pages"]

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO


class Entry(NamedTuple):
    """Severity and title of a code."""

    severity: Severity
    title: str


CODES: dict[str, Entry] = {
    # sources: reading files
    "S001": Entry(ERROR, "File cannot be read"),
    "S002": Entry(INFO, "File is not DICOM"),
    "S003": Entry(ERROR, "File is damaged"),
    "S004": Entry(INFO, "Instance is consulted, not converted"),
    "S005": Entry(INFO, "SOP Class is not converted"),
    "S006": Entry(INFO, "Instance is a copy of an earlier one"),
    "S007": Entry(ERROR, "Another content under a known SOP Instance UID"),
    "S008": Entry(ERROR, "Output cannot be written"),
    "S009": Entry(INFO, "Instance is a part of another source"),
    # transcoding: what refuses a source
    "T001": Entry(ERROR, "Number holds a character that is not permitted"),
    "T002": Entry(ERROR, "Number has too many characters"),
    "T003": Entry(ERROR, "Value is not a number"),
    "T004": Entry(ERROR, "Number is not finite"),
    "T005": Entry(ERROR, "Number does not fit the target attribute"),
    "T006": Entry(ERROR, "Character set is not known"),
    "T007": Entry(ERROR, "Text does not follow the character set"),
    "T008": Entry(ERROR, "Text is too long for the target attribute"),
    "T009": Entry(ERROR, "Direction does not fit the source"),
    "T010": Entry(ERROR, "Required value is missing"),
    "T011": Entry(ERROR, "SOP Class has no counterpart"),
    "T012": Entry(ERROR, "Plan has no fraction group"),
    "T013": Entry(ERROR, "Plan has no beams"),
    "T014": Entry(ERROR, "Fraction group holds brachy applications"),
    "T015": Entry(ERROR, "Particle is not photon or electron"),
    "T016": Entry(ERROR, "Dosimeter does not count monitor units"),
    "T017": Entry(ERROR, "Fraction group names a beam that does not exist"),
    "T018": Entry(ERROR, "Term is not in the code table"),
    "T019": Entry(ERROR, "Beam Number is missing or not unique"),
    "T020": Entry(ERROR, "Beam has fewer than two control points"),
    "T021": Entry(ERROR, "Meterset weight is missing"),
    "T022": Entry(ERROR, "First meterset weight is not zero"),
    "T023": Entry(ERROR, "Cumulative meterset decreases"),
    "T024": Entry(ERROR, "Final weight is not the last weight"),
    "T025": Entry(ERROR, "Meterset cannot be shared out"),
    "T026": Entry(ERROR, "Number of control points contradicts the items"),
    "T027": Entry(ERROR, "Control points are not numbered from 0"),
    "T028": Entry(ERROR, "Number of values differs between control points"),
    "T029": Entry(ERROR, "Fraction group numbers are not unique"),
    "T030": Entry(ERROR, "Fraction group names a beam twice"),
    "T031": Entry(ERROR, "Angle is not stated at the first control point"),
    "T032": Entry(ERROR, "Angle changes without a direction"),
    "T033": Entry(ERROR, "More than one turn between two control points"),
    "T034": Entry(ERROR, "Distance from the source is not positive"),
    "T035": Entry(ERROR, "Rotation direction is not a term"),
    "T036": Entry(ERROR, "Rotation leads to no stated angle"),
    "T038": Entry(ERROR, "Attribute has too many values"),
    "T039": Entry(ERROR, "Stated count contradicts the items"),
    "T041": Entry(ERROR, "Isocenter is incomplete"),
    "T042": Entry(ERROR, "Patient position is missing or has no axes"),
    "T043": Entry(ERROR, "Matrix is not rigid"),
    "T044": Entry(ERROR, "Couch angles cannot be told apart"),
    "T045": Entry(ERROR, "Gantry is pitched"),
    "T051": Entry(ERROR, "Opening has no device"),
    "T052": Entry(ERROR, "Number of leaf positions contradicts the device"),
    "T053": Entry(ERROR, "Leaf boundaries have no order"),
    "T054": Entry(ERROR, "Opening fits two devices"),
    "T055": Entry(ERROR, "Device is positioned twice"),
    "T056": Entry(ERROR, "Compensator is not physical"),
    "T057": Entry(ERROR, "Device is mounted at another angle"),
    "T058": Entry(ERROR, "Number of boundaries contradicts the number of pairs"),
    "T059": Entry(ERROR, "Forms of beam limiting devices contradict each other"),
    "T060": Entry(ERROR, "Beam has no beam limiting devices"),
    "T061": Entry(ERROR, "Block outline contradicts its number of points"),
    "T062": Entry(ERROR, "Block outline is no simple polygon"),
    "T063": Entry(ERROR, "Thickness map is no grid"),
    "T064": Entry(ERROR, "Apertures of one beam differ"),
    "T070": Entry(ERROR, "Fraction group uses several machines"),
    "T071": Entry(ERROR, "Dose coefficients do not rise from zero"),
    "T072": Entry(ERROR, "Two doses of a beam are not told apart"),
    "T073": Entry(ERROR, "Dose references are not unique"),
    "T099": Entry(ERROR, "Internal error"),
    # transcoding: what is worth knowing
    "T100": Entry(WARNING, "Element is not accounted for"),
    "T101": Entry(WARNING, "Illegal number was read"),
    "T102": Entry(WARNING, "Value is assumed"),
    "T103": Entry(INFO, "Value is derived"),
    "T104": Entry(WARNING, "Jaw is named otherwise"),
    "T105": Entry(WARNING, "Reference cannot be listed"),
    "T106": Entry(INFO, "Value is not carried"),
    "T107": Entry(WARNING, "Readings of leaves along y differ"),
    "T110": Entry(INFO, "Beam makes no radiation"),
    "T111": Entry(INFO, "Beam belongs to no fraction group"),
    "T112": Entry(WARNING, "Definition source is left out"),
    "T113": Entry(ERROR, "Plan was made from a second-generation instance"),
    "T114": Entry(ERROR, "Plan has no treatment beam"),
    "T115": Entry(WARNING, "Continuation beam becomes a plain radiation"),
    "T116": Entry(WARNING, "Reference of a beam names nothing"),
    "T117": Entry(WARNING, "Treatment Delivery Type is not a term of the standard"),
    "T130": Entry(ERROR, "Delivered meterset is missing or falls"),
    "T131": Entry(ERROR, "Record names what the plan given does not hold"),
    "T132": Entry(ERROR, "Record and plan are of different patients"),
    "T133": Entry(WARNING, "More was delivered than specified"),
    "T134": Entry(ERROR, "Recorded times run backwards"),
    "T135": Entry(WARNING, "Session item names no beam"),
    "T136": Entry(WARNING, "Session items name the same beam"),
    "T137": Entry(ERROR, "Recorded time cannot be read"),
    "T138": Entry(INFO, "Control points were not reached"),
    "T139": Entry(WARNING, "Start of a resumed delivery has no place"),
    "T140": Entry(ERROR, "Labels of radiations cannot be told apart"),
    "T141": Entry(ERROR, "Treatment and verification in one fraction"),
    "T142": Entry(ERROR, "Moved table top leads to no isocenter"),
    "T150": Entry(ERROR, "Leaves stand in private elements"),
    # transcoding: the way back
    "T200": Entry(ERROR, "Radiation of the set is not at hand"),
    "T201": Entry(INFO, "Beam number is taken"),
    "T202": Entry(ERROR, "Radiations of one set do not belong together"),
    "T203": Entry(ERROR, "More items than there are places"),
    "T204": Entry(ERROR, "Source names what would be made of it"),
    "T205": Entry(ERROR, "Two items differ in what is held once"),
    "T206": Entry(ERROR, "Index or reference leads nowhere"),
    "T207": Entry(ERROR, "Some items lack what others hold"),
    "T208": Entry(ERROR, "Way of a turn is not told"),
    "T209": Entry(ERROR, "Value stands beside another unit"),
    "T210": Entry(ERROR, "Dose of a radiation is not told apart"),
    "T211": Entry(ERROR, "Dose mapping cannot become a beam dose"),
    "T212": Entry(ERROR, "Set and radiations are of several patients"),
    "T213": Entry(ERROR, "Class of a definition source is not permitted"),
    "T214": Entry(ERROR, "Radiation has no RT Plan"),
    "T215": Entry(ERROR, "Displayed couch contradicts the matrix"),
    "T216": Entry(ERROR, "Offset across the travel changes"),
    "T217": Entry(ERROR, "What the first generation takes for granted does not hold"),
    "T218": Entry(ERROR, "Energy is a range"),
    "T219": Entry(ERROR, "Several codes where one has a place"),
    "T220": Entry(ERROR, "Term has no place in an RT Plan"),
    "T221": Entry(ERROR, "Meterset is missing"),
    "T222": Entry(ERROR, "Devices are described in another plane"),
    "T223": Entry(WARNING, "Stand-in was made"),
    "T224": Entry(ERROR, "Plan is a stand-in"),
    # the way back: what is consulted beside a set
    "T230": Entry(ERROR, "Preparation or intent of another patient"),
    "T231": Entry(WARNING, "More than one preparation or intent for the same"),
    "T232": Entry(WARNING, "Intent that the set names is not among the sources"),
    "T233": Entry(WARNING, "Preparation or prescription for something that is not there"),
    "T234": Entry(WARNING, "Set serves more than one prescription or intent"),
    "T240": Entry(INFO, "Source of the set is at hand"),
    "T241": Entry(ERROR, "Preserved source cannot be trusted"),
    "T242": Entry(WARNING, "Preserved source cannot be compared"),
    "T243": Entry(INFO, "Preserved source is given back"),
    "T245": Entry(ERROR, "Radiation without its set"),
    "T246": Entry(WARNING, "Joined sets differ"),
    "T250": Entry(ERROR, "Radiation record has no RT Beams Treatment Record"),
    "T251": Entry(ERROR, "Record is of another session than its set"),
    "T252": Entry(ERROR, "Radiation is no record"),
    "T285": Entry(ERROR, "Attribute is encoded as something else"),
    "T253": Entry(WARNING, "Tolerance violation that nobody overrode"),
    "T260": Entry(WARNING, "Dose of a session has no place"),
    "T261": Entry(WARNING, "Dose of a session is not the sum of its beams"),
    # treatment records beside the set of their plan
    "T265": Entry(ERROR, "Set that gave the instructions is not at hand"),
    "T266": Entry(ERROR, "Set that gave the instructions is not told"),
    "T267": Entry(ERROR, "Radiation that gave the instructions is not told"),
    "T268": Entry(WARNING, "Set cannot stand for the plan"),
    "T269": Entry(INFO, "Set stands for the plan"),
    "T270": Entry(WARNING, "Salvage records were made of a session entered by hand"),
    "T271": Entry(ERROR, "Salvage record lacks what a treatment session item needs"),
    "T290": Entry(ERROR, "Energy or wedge changes while radiation is on"),
    "T291": Entry(ERROR, "Treatment point contradicts the matrix"),
    "T295": Entry(WARNING, "Delivered metersets contradict each other"),
    "T296": Entry(WARNING, "Resumed delivery is not called a continuation"),
    "T297": Entry(WARNING, "Normal end falls short of what was specified"),
    "T298": Entry(WARNING, "Beam was planned for another machine"),
    "T299": Entry(WARNING, "Record and plan specify different metersets"),
    # mapping sheets and overlays
    "M100": Entry(ERROR, "Sheet is not YAML"),
    "M101": Entry(ERROR, "Sheet does not have the shape of its schema"),
    "M102": Entry(ERROR, "Path cannot be read"),
    "M103": Entry(ERROR, "Rule id stands twice"),
    "M104": Entry(ERROR, "Word stands twice"),
    "M106": Entry(ERROR, "Fragment is not known"),
    "M107": Entry(ERROR, "Row of a code table has the wrong length"),
    "M108": Entry(ERROR, "Concept is not known"),
    "M109": Entry(ERROR, "Code table is not one-to-one"),
    "M110": Entry(ERROR, "Site value is not known"),
    "M111": Entry(ERROR, "Overlay changes something that does not exist"),
    "M200": Entry(ERROR, "Keyword is not in the data dictionary"),
    "M201": Entry(ERROR, "Attribute has no place in the IOD"),
    "M202": Entry(ERROR, "Role is not open"),
    "M203": Entry(ERROR, "Codec or table is not known"),
    "M204": Entry(ERROR, "Codec does not fit the rule"),
    "M205": Entry(ERROR, "Value representation does not fit the codec"),
    "M206": Entry(ERROR, "Number of values does not fit"),
    "M207": Entry(ERROR, "Name is not bound"),
    "M208": Entry(ERROR, "Site value is not declared"),
    "M209": Entry(ERROR, "Constant is no concept"),
    "M210": Entry(ERROR, "Finding code does not exist"),
    "M211": Entry(ERROR, "Rule cannot run back and does not say so"),
    "M212": Entry(ERROR, "Rule cites no section"),
    "M213": Entry(ERROR, "Required attribute is written by no rule"),
    "M214": Entry(ERROR, "Required attribute may be left out"),
    "M215": Entry(ERROR, "Entry is not needed"),
    "M216": Entry(ERROR, "Attribute is both carried and not carried"),
    "M217": Entry(ERROR, "Attribute under not_carried does not exist"),
    "M218": Entry(ERROR, "Entry stands in the wrong sheet"),
    "M219": Entry(ERROR, "Family names what does not exist"),
    "M220": Entry(ERROR, "Constant is not an enumerated value"),
    "M221": Entry(ERROR, "Concept is not in the context group"),
    "M222": Entry(ERROR, "Alternative is never reached"),
}


@cache
def folder() -> Path:
    """Where the pages are: inside the installed package, or in ``docs`` of a checkout."""
    here = Path(__file__).resolve().parent
    shipped = here / "_findings"
    return shipped if shipped.is_dir() else here.parent / "docs" / "findings"


def pages() -> list[str]:
    """Every code that has a page, the validator's included."""
    return sorted(path.stem for path in folder().glob("*.md"))


def page(code: str) -> str:
    """The page of a code; raises :class:`KeyError` where there is none."""
    if code not in pages():
        raise KeyError(code)
    return (folder() / f"{code}.md").read_text(encoding="utf-8")
