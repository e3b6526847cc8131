// An audio filter for go-musicfox: a low-pass at 1 kHz, for interleaved stereo.
#include "plugin_sdk.h"

#include <string.h>

#include "memory.h"

PLUGIN_DEFINE_PANIC_RECORD;
PLUGIN_METADATA("{\"id\":\"low-pass-c\",\"name\":\"Low-pass in C\",\"version\":\"1.0.0\",\"description\":\"Keeps low frequencies.\","
                "\"author\":\"plugin-sdk\",\"tags\":[\"audio\",\"filter\"]}")
PLUGIN_VERSION("1.0.0")

#define CHANNELS 2

static float past[CHANNELS];
static bool running;

static void say(int32_t level, const char *text) { env_host_log(level, (const uint8_t *)text, (uint32_t)strlen(text)); }

PLUGIN_INITIALIZE(config, len) {
    (void)config, (void)len;
    memset(past, 0, sizeof past);
    return 0;
}

PLUGIN_START() {
    running = true;
    say(0, "started");
    return 0;
}

PLUGIN_STOP() {
    running = false;
    return 0;
}

PLUGIN_CLEANUP() { return 0; }

PLUGIN_PROCESS_AUDIO(input, len, output) {
    if (!running) {
        say(2, "process_audio: the filter does not run: start it first");
        return -8;
    }
    if (len % (CHANNELS * sizeof(float)) != 0) {
        say(2, "process_audio: a block has whole samples of both channels");
        return -5;
    }
    const float alpha = 1000.0f / 22050.0f;
    for (uint32_t at = 0; at < len; at += sizeof(float)) {
        float *last = &past[at / sizeof(float) % CHANNELS], sample;
        memcpy(&sample, input + at, sizeof sample);
        *last = alpha * sample + (1.0f - alpha) * *last;
        memcpy(output + at, last, sizeof sample);
    }
    return (int32_t)len;
}

PLUGIN_HANDLE_EVENT(event, len) {
    (void)event, (void)len;
    static const char topic[] = "low-pass.heard", data[] = "{\"events\":1}";
    env_host_emit_event(topic, sizeof topic - 1, (const uint8_t *)data, sizeof data - 1);
    return 0;
}

PLUGIN_MALLOC(size) { return allocate(size); }

PLUGIN_FREE(address) { release(address); }
