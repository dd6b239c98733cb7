"""Which gateway and key the scripts use, and where each setting comes from."""

from linkfox_client import config
from linkfox_client.commands.diagnosis.finding import Finding, Patient, failed, ok, warning
from linkfox_client.errors import ClientError
from linkfox_client.gateway import settings
from linkfox_client.local import gateway_folder

NAMES = (
    *config.KEY_NAMES,
    *config.GATEWAY_NAMES,
    *config.LOCAL_NAMES,
    config.FEEDBACK_NAME,
)


def pair(patient: Patient) -> Finding:
    """Find the gateway and the key in force.

    Nothing is started here. The variables are named, not shown.
    """
    try:
        variables = _variables(patient)
        patient.pair = settings.named(patient.environ)
        if patient.pair is None:
            data_dir = gateway_folder.locate(gateway_folder.read_settings(patient.environ))
            patient.uses_local = data_dir is not None
            if data_dir is not None:
                return ok(
                    "settings", f"the local gateway in {data_dir}, with its own key", variables=variables
                )
            patient.pair = settings.stored_for_hosted()
    except ClientError as problem:
        return failed("settings", problem)
    if patient.pair is None:
        return failed("settings", ClientError("not_set_up", "no gateway and no API key", settings.WAYS))
    chosen = patient.pair
    detail = f"{chosen.gateway} ({chosen.gateway_from}), key {chosen.key} ({chosen.key_from})"
    if chosen.note:
        return warning("settings", detail, chosen.note, variables=variables)
    return ok("settings", detail, variables=variables)


def _variables(patient: Patient) -> list[dict[str, str]]:
    """Return each variable that is set, with the first place that sets it, which is the one that counts."""
    from_place: dict[str, str] = {}
    for place in config.places(patient.environ):
        for name in NAMES:
            if place.first([name]):
                from_place.setdefault(name, place.name)
    return [{"name": name, "from": place} for name, place in from_place.items()]
