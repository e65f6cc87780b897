"""Definition sources when the source is at hand: beams, metersets, fractions, frames, no way back (C.8.8.13.2)."""

from __future__ import annotations

from collections.abc import Iterator

from transcoder.validator.bundle_index import Index, Judged, differs
from transcoder.validator.catalogue_state import found
from transcoder.validator.classes import PLAN, RADIATION_SET, RADIATIONS, TREATMENT_RECORD
from transcoder.validator.plausible import HALF_UNIT
from transcoder.validator.provenance import Source
from transcoder.validator.summary import Summary

__all__ = ["check"]

RULE = "PS3.3 C.8.8.13.2"
BEAM = "PS3.3 C.36.2.1.6.1.4"
EXACT = 1e-3
# Primary Dosimeter Unit of a plan with the dosimeter units of radiations that it fits, and the ratio of the two.
UNITS = {("MU", "{MU}"): 1.0, ("MINUTE", "s"): 60.0}


def check(index: Index) -> Iterator[Judged]:
    """Findings about every definition source whose instance is among the inputs."""
    for place, summary in enumerate(index.summaries):
        for source in summary.sources:
            origin = index.get(source.instance)
            if origin is None or origin is summary:
                continue
            yield from _way_back(place, summary, source, origin)
            yield from _belonging(place, summary, source, origin)
            yield from _beam(place, source, origin)
            yield from _meterset(place, summary, source, origin)
            yield from _fractions(place, summary, source, origin)
        yield from _agreement(index, place, summary)
        yield from _whole_group(index, place, summary)


def _way_back(place: int, summary: Summary, source: Source, origin: Summary) -> Iterator[Judged]:
    own = summary.instance
    back = any(reference.instance == own for reference in origin.references)
    if own and (back or any(entry.instance == own for entry in origin.common)):
        yield place, found("V322", "the source refers to the instance made from it", source.path, RULE)


def _belonging(place: int, summary: Summary, source: Source, origin: Summary) -> Iterator[Judged]:
    if differs(summary.study, origin.study):
        message = "the source belongs to another study"
        yield place, found("V306", message, source.path, "PS3.3 A.86.1.1.1.1")
    if differs(summary.frame, origin.frame):
        message = "the source has another frame of reference; the content can hardly be the same"
        yield place, found("V323", message, source.path, RULE)


def _beam(place: int, source: Source, origin: Summary) -> Iterator[Judged]:
    if source.beam is None or source.place not in ("radiation", "record"):
        return
    if origin.sop_class == TREATMENT_RECORD:
        known = [entry.beam for entry in origin.delivered]
    elif origin.sop_class == PLAN:
        known = [beam.number for beam in origin.beams]
    else:
        return
    path = f"{source.path}/ReferencedBeamNumber"
    if source.beam not in known:
        yield place, found("V320", f"the source holds no beam {source.beam}", path, BEAM)
    elif known.count(source.beam) > 1:
        message = f"the source holds {known.count(source.beam)} items of beam {source.beam}"
        yield place, found("V321", message, path, BEAM)


def _meterset(place: int, summary: Summary, source: Source, origin: Summary) -> Iterator[Judged]:
    """The last control point of a radiation has the meterset of its beam, whichever of the two was made first."""
    if origin.sop_class == PLAN and summary.sop_class in RADIATIONS:
        plan, radiation, beam = origin, summary, source.beam
    elif origin.sop_class in RADIATIONS and source.place == "BeamSequence":
        plan, radiation, beam = summary, origin, source.own_beam
    else:
        return
    scale = _scale(plan, beam, radiation)
    if scale is None:
        message = f"the plan and the radiation count beam {beam} in units that do not fit"
        yield place, found("V312", message, source.path, "PS3.3 C.8.8.14.1")
        return
    planned = [
        meterset * scale
        for group in plan.groups
        for number, meterset in group.metersets
        if number == beam and meterset is not None
    ]
    if not planned or radiation.meterset is None:
        return
    nearest = min(planned, key=lambda value: abs(value - (radiation.meterset or 0.0)))
    gap = abs(nearest - radiation.meterset)
    if gap > EXACT:
        message = f"the radiation ends at {radiation.meterset:g}, the plan sets {nearest:g} for beam {beam}"
        yield place, found("V312" if gap > HALF_UNIT else "V313", message, source.path, "PS3.3 C.8.8.14.1")


def _scale(plan: Summary, beam: int | None, radiation: Summary) -> float | None:
    """What brings a meterset of the plan to the unit of the radiation; 1 where one of them names none."""
    unit = next((each.unit for each in plan.beams if each.number == beam), "")
    return UNITS.get((unit, radiation.unit)) if unit and radiation.unit else 1.0


def _fractions(place: int, summary: Summary, source: Source, origin: Summary) -> Iterator[Judged]:
    if summary.sop_class == RADIATION_SET and origin.sop_class == PLAN:
        planned, intended = {group.fractions for group in origin.groups}, summary.fractions
    elif origin.sop_class == RADIATION_SET and source.place == "FractionGroupSequence":
        planned = {group.fractions for group in summary.groups if group.number == source.own_beam}
        intended = origin.fractions
    else:
        return
    known = sorted(count for count in planned if count is not None)
    if intended is not None and known and intended not in known:
        message = f"{intended} fractions in the set, {' or '.join(map(str, known))} in the plan"
        yield place, found("V314", message, source.path, "PS3.3 C.36.10, C.8.8.13")


def _agreement(index: Index, place: int, summary: Summary) -> Iterator[Judged]:
    """A set and its radiations come from one plan; the beams of a plan come from radiations of its set."""
    if summary.sop_class == RADIATION_SET and summary.sources:
        plan = summary.sources[0].instance
        for member in summary.roles.get("RTRadiationSequence", ()):
            radiation = index.get(member.instance)
            if radiation is not None and any(source.instance != plan for source in radiation.sources):
                message = "a radiation of the set names another plan as its source"
                yield place, found("V324", message, member.path, RULE)
                return
    sets = [source.instance for source in summary.sources if source.place == "FractionGroupSequence"]
    members = {
        member.instance
        for instance in sets
        if (origin := index.get(instance)) is not None
        for member in origin.roles.get("RTRadiationSequence", ())
    }
    for source in summary.sources:
        if members and source.place == "BeamSequence" and source.instance not in members:
            message = "the source of a beam is no radiation of the sets that the fraction groups name"
            yield place, found("V324", message, source.path, RULE)
            return


def _whole_group(index: Index, place: int, summary: Summary) -> Iterator[Judged]:
    """A set made from a plan has a radiation for each treatment beam of one fraction group.

    A content that the other class cannot hold may be left out (C.8.8.13.2), so that this is worth a look only.
    """
    if summary.sop_class != RADIATION_SET or not summary.sources:
        return
    source = summary.sources[0]
    plan = index.get(source.instance)
    radiations = [index.get(member.instance) for member in summary.roles.get("RTRadiationSequence", ())]
    if plan is None or not plan.groups:
        return
    made = {
        each.beam if each.instance == source.instance else None
        for radiation in radiations
        for each in (radiation.sources if radiation is not None and radiation.sources else (source,))
    }
    if None in made:  # a member that is not among the inputs, or not of this plan
        return
    treating = {beam.number for beam in plan.beams if beam.treats}
    groups = [{number for number, _ in group.metersets} & treating for group in plan.groups]
    if made not in groups:
        missing = min(len(group - made) + len(made - group) for group in groups)
        message = f"its radiations and the beams of the nearest fraction group differ by {missing} beam(s)"
        yield place, found("V330", message, source.path, RULE)
