"""The codes of findings of the table-driven part, V100 to V199: severity and title of each.

Each code has a page in ``docs/findings``.
"""

from __future__ import annotations

from transcoder.findings import Finding, Severity
from transcoder.validator.catalogue_state import Entry

__all__ = ["CODES", "found"]

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO

CODES: dict[str, Entry] = {
    # class and modules
    "V100": Entry(ERROR, "SOP Class is not covered"),
    "V101": Entry(ERROR, "Mandatory module is absent"),
    "V102": Entry(ERROR, "Conditional module is absent"),
    "V103": Entry(ERROR, "Module is present where it shall not be"),
    # presence
    "V110": Entry(ERROR, "Type 1 attribute is absent"),
    "V111": Entry(ERROR, "Type 1 attribute is empty"),
    "V112": Entry(ERROR, "Type 2 attribute is absent"),
    "V113": Entry(ERROR, "Type 1C attribute is absent though its condition is met"),
    "V114": Entry(ERROR, "Type 1C attribute is empty"),
    "V115": Entry(ERROR, "Type 2C attribute is absent though its condition is met"),
    "V116": Entry(ERROR, "Attribute is present though its condition is not met"),
    "V119": Entry(INFO, "Conditions that the file does not decide"),
    # values
    "V120": Entry(ERROR, "Value representation is wrong"),
    "V121": Entry(WARNING, "Value representation is UN for a known attribute"),
    "V122": Entry(ERROR, "Value does not follow its value representation"),
    "V123": Entry(ERROR, "Value is longer than its value representation allows"),
    "V124": Entry(ERROR, "Value holds a character outside its repertoire"),
    "V125": Entry(ERROR, "Text does not follow the character set"),
    "V126": Entry(ERROR, "Character set is not a defined term"),
    "V127": Entry(ERROR, "Number of values is wrong"),
    "V128": Entry(WARNING, "Value is padded in the wrong way"),
    "V129": Entry(ERROR, "Value has an odd length"),
    "V130": Entry(ERROR, "Value is not among the enumerated values"),
    "V131": Entry(WARNING, "Value is not among the defined terms"),
    "V132": Entry(ERROR, "Value contradicts another attribute"),
    "V133": Entry(ERROR, "Value is outside the range permitted"),
    "V134": Entry(WARNING, "Attribute has no meaning here"),
    "V135": Entry(WARNING, "One identifier stands for two things"),
    "V136": Entry(ERROR, "Referenced instance is of a class not permitted here"),
    # sequences
    "V140": Entry(ERROR, "Number of items is wrong"),
    "V141": Entry(ERROR, "Number of items differs from the attribute that counts them"),
    "V142": Entry(ERROR, "Sequence cannot be read"),
    "V143": Entry(ERROR, "Functional group is absent"),
    # codes
    "V150": Entry(ERROR, "Code is not in the context group"),
    "V151": Entry(WARNING, "Code is not in the defined context group, which may be extended"),
    "V152": Entry(INFO, "Code is not in the baseline context group"),
    "V153": Entry(WARNING, "Code meaning differs from the meaning of the code"),
    "V154": Entry(ERROR, "Code stands under another coding scheme"),
    "V155": Entry(ERROR, "Code is not the one that the IOD asks for"),
    # attributes outside the tables
    "V160": Entry(INFO, "Attribute belongs to no module of the IOD"),
    "V161": Entry(WARNING, "Attribute stands in the wrong place"),
    "V162": Entry(ERROR, "Private element has no private creator"),
    "V163": Entry(WARNING, "Attribute is not in the data dictionary"),
    "V164": Entry(ERROR, "Element does not belong in a data set"),
}


def found(code: str, message: str, path: str = "", cite: str = "") -> Finding:
    """A finding with the severity of its code."""
    return Finding(code, CODES[code].severity, message, path, "", f"PS3.3 {cite}" if cite[:1] in "AC18" else cite)
