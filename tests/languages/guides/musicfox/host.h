// c/src/host.h from go-musicfox's guide to WebAssembly plugins, unchanged.
#ifndef HOST_H
#define HOST_H

#include <stdint.h>
#include <stdbool.h>

#define MAX_CHANNELS 8
#define MAX_FRAMES 4096

// 滤波器类型
typedef enum {
    FILTER_LOWPASS,
    FILTER_HIGHPASS,
    FILTER_BANDPASS
} FilterType;

// 滤波器参数
typedef struct {
    float cutoff;
    float resonance;
    FilterType type;
    bool enabled;
} FilterParams;

// 音频缓冲区
typedef struct {
    float data[MAX_CHANNELS][MAX_FRAMES];
    int32_t sample_rate;
    int32_t channels;
    int32_t frames;
} AudioBuffer;

// 主机接口函数声明
__attribute__((import_module("env"), import_name("host_log")))
void host_log(int32_t level, const uint8_t* msg_ptr, int32_t msg_len);

__attribute__((import_module("env"), import_name("host_get_config")))
int32_t host_get_config(const uint8_t* key_ptr, int32_t key_len);

__attribute__((import_module("env"), import_name("host_emit_event")))
void host_emit_event(const uint8_t* type_ptr, int32_t type_len, const uint8_t* data_ptr, int32_t data_len);

// 便利函数
void log_info(const char* message);
void log_error(const char* message);
void apply_filter_to_channel(const float* input, float* output, int frames, int sample_rate, int channel);

#endif // HOST_H
