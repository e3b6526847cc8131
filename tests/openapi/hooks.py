"""Changes the requests that schemathesis makes."""

import schemathesis


def integers(value):
    """Writes 5.0 as 5.

    For JSON Schema, 5.0 is an integer. Plugins refuse it, as serde_json does.
    """
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {name: integers(member) for name, member in value.items()}
    if isinstance(value, list):
        return [integers(element) for element in value]
    return value


@schemathesis.hook
def map_body(context, body):
    return integers(body)
