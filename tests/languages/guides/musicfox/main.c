// c/src/main.c from go-musicfox's guide to WebAssembly plugins, unchanged.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <math.h>
#include <stdbool.h>
#include "host.h"

// 插件状态
static bool is_running = false;
static FilterParams filter_params = {
    .cutoff = 1000.0f,
    .resonance = 0.7f,
    .type = FILTER_LOWPASS,
    .enabled = true
};

// 滤波器状态
static float prev_output[MAX_CHANNELS] = {0};
static float prev_input[MAX_CHANNELS] = {0};

// 导出函数实现

__attribute__((export_name("initialize")))
int32_t initialize(const uint8_t* config_ptr, int32_t config_len) {
    // 解析配置（简化实现）
    if (config_len > 0) {
        // 这里应该解析 JSON 配置
        // 为简化，使用默认参数
        log_info("Using default filter parameters");
    }
    
    // 重置滤波器状态
    memset(prev_output, 0, sizeof(prev_output));
    memset(prev_input, 0, sizeof(prev_input));
    
    log_info("Audio filter plugin initialized");
    return 0;
}

__attribute__((export_name("start")))
int32_t start() {
    is_running = true;
    log_info("Audio filter plugin started");
    return 0;
}

__attribute__((export_name("stop")))
int32_t stop() {
    is_running = false;
    log_info("Audio filter plugin stopped");
    return 0;
}

__attribute__((export_name("cleanup")))
int32_t cleanup() {
    is_running = false;
    memset(prev_output, 0, sizeof(prev_output));
    memset(prev_input, 0, sizeof(prev_input));
    log_info("Audio filter plugin cleaned up");
    return 0;
}

__attribute__((export_name("process_audio")))
int32_t process_audio(const uint8_t* input_ptr, int32_t input_len, uint8_t* output_ptr) {
    if (!is_running || !filter_params.enabled) {
        // 直接复制输入到输出
        memcpy(output_ptr, input_ptr, input_len);
        return input_len;
    }
    
    // 解析音频数据（简化实现）
    AudioBuffer* input_buffer = (AudioBuffer*)input_ptr;
    AudioBuffer* output_buffer = (AudioBuffer*)output_ptr;
    
    // 复制元数据
    output_buffer->sample_rate = input_buffer->sample_rate;
    output_buffer->channels = input_buffer->channels;
    output_buffer->frames = input_buffer->frames;
    
    // 应用滤波器到每个声道
    for (int ch = 0; ch < input_buffer->channels && ch < MAX_CHANNELS; ch++) {
        apply_filter_to_channel(
            input_buffer->data[ch],
            output_buffer->data[ch],
            input_buffer->frames,
            input_buffer->sample_rate,
            ch
        );
    }
    
    return input_len; // 返回处理的字节数
}

__attribute__((export_name("get_metadata")))
const char* get_metadata() {
    static const char metadata[] = 
        "{"
        "\"id\":\"audio-filter-c-wasm\","
        "\"name\":\"Audio Filter C WASM Plugin\","
        "\"version\":\"1.0.0\","
        "\"description\":\"C WebAssembly audio filter plugin\","
        "\"author\":\"Your Name\","
        "\"tags\":[\"audio\",\"filter\",\"c\",\"wasm\"]"
        "}";
    
    return metadata;
}

// 内存管理函数
__attribute__((export_name("malloc")))
void* wasm_malloc(size_t size) {
    return malloc(size);
}

__attribute__((export_name("free")))
void wasm_free(void* ptr) {
    free(ptr);
}

// 音频处理函数
void apply_filter_to_channel(const float* input, float* output, int frames, int sample_rate, int channel) {
    float nyquist = (float)sample_rate / 2.0f;
    float normalized_cutoff = filter_params.cutoff / nyquist;
    
    // 限制频率范围
    if (normalized_cutoff > 0.99f) normalized_cutoff = 0.99f;
    if (normalized_cutoff < 0.01f) normalized_cutoff = 0.01f;
    
    float alpha = normalized_cutoff;
    
    for (int i = 0; i < frames; i++) {
        float sample = input[i];
        float filtered;
        
        switch (filter_params.type) {
            case FILTER_LOWPASS:
                filtered = alpha * sample + (1.0f - alpha) * prev_output[channel];
                prev_output[channel] = filtered;
                break;
                
            case FILTER_HIGHPASS:
                filtered = alpha * (prev_output[channel] + sample - prev_input[channel]);
                prev_output[channel] = filtered;
                prev_input[channel] = sample;
                break;
                
            default:
                filtered = sample; // 直通
                break;
        }
        
        output[i] = filtered;
    }
}
