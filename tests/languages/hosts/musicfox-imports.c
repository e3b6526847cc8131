// The first file of the filter: it has the imports in their order.
#include "plugin_sdk.h"

PLUGIN_IMPORTS_IN_ORDER;
