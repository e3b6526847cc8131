//! Names that also belong to something else: the language, the compiler, its library, the C
//! library, or hosts.

/// Passes all of them to a macro.
#[macro_export]
macro_rules! names {
    ($($then:tt)*) => {
        $($then)*! {
            // The language.
            r#as r#async r#await r#break r#const r#continue r#dyn r#else r#enum r#extern r#false
            r#fn r#for r#gen r#if r#impl r#in r#let r#loop r#match r#mod r#move r#mut r#pub
            r#ref r#return r#static r#struct r#trait r#true r#type r#unsafe r#use r#where
            r#while r#abstract r#become r#box r#do r#final r#macro r#override r#priv r#try
            r#typeof r#unsized r#virtual r#yield union raw safe auto default
            // The prelude's.
            Option Result Vec String Box Default Clone Copy Send Sync Sized Drop Fn FnMut FnOnce
            Iterator IntoIterator Extend From Into TryFrom TryInto AsRef AsMut ToString ToOwned
            PartialEq Eq PartialOrd Ord Debug Hash Unpin drop vec format panic println assert
            include concat line column file stringify matches todo unreachable write writeln env
            option_env debug_assert cfg
            // Primitive types.
            bool char str u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f16 f32 f64 f128
            slice array tuple unit never pointer reference
            // Crates and modules.
            core std alloc test proc_macro plugin_sdk serde serde_json log plugin_sdk_macros
            prelude commands kv http files events config random time ai Json Schema Serialize
            Deserialize Value Error command plugin init start stop cleanup event arg
            // The C library's.
            malloc free calloc realloc aligned_alloc posix_memalign memcpy memmove memset memcmp
            memchr bcmp strlen strcmp strcpy strcat strchr strdup printf sprintf snprintf puts
            putchar abs labs atoi atof strtol qsort bsearch rand srand getenv system exit _exit
            atexit abort signal raise setjmp longjmp open close read lseek fopen fclose fread
            fwrite clock errno stdin stdout stderr main _main _start _initialize
            // Functions that the compiler calls.
            acos acosf acosh asin atan atan2 cbrt ceil ceilf copysign cos cosh erf erfc exp exp2
            exp10 expm1 fabs fdim floor fma fmax fmin fmod fmodf hypot ldexp frexp modf lgamma
            lgamma_r log10 log1p log2 pow powf powi rint round roundeven sin sincos sinh sqrt
            sqrtf tan tanh tgamma trunc fmaximum fminimum fmaximum_num fminimum_num ceilf16
            floorf128 roundf16 sqrtf128 truncf16 nearbyint remainder remquo lround scalbn ilogb
            nan acoshf asinf asinh asinhf atan2f atanf atanh atanhf cbrtf ceilf128 copysignf
            copysignf128 copysignf16 cosf coshf erfcf erff exp10f exp2f expf expm1f fabsf
            fabsf128 fabsf16 fdimf fdimf128 fdimf16 floorf floorf16 fmaf fmaf128 fmaxf fmaxf128
            fmaxf16 fmaximum_numf fmaximum_numf128 fmaximum_numf16 fmaximumf fmaximumf128
            fmaximumf16 fminf fminf128 fminf16 fminimum_numf fminimum_numf128 fminimum_numf16
            fminimumf fminimumf128 fminimumf16 fmodf128 fmodf16 hs_init hypotf ldexpf lgammaf
            lgammaf_r log10f log1pf log2f logf memory plugin_cleanup plugin_event plugin_heap_1
            plugin_init plugin_panic_1 plugin_start plugin_stop rintf rintf128 rintf16
            roundevenf roundevenf128 roundevenf16 roundf roundf128 rust_eh_personality sinf
            sinhf sqrtf16 tanf tanhf tgammaf truncf truncf128
            // Exports of hosts' plugins.
            dealloc plugin_abi_1 batch neotalk_init neotalk_command neotalk_get_result
            neotalk_cleanup neotalk_alloc neotalk_free skill_init skill_execute skill_last_error
            skill_on_event skill_shutdown PluginInstance name version execute initialize
            process_audio handle_event get_metadata get_version get_descriptor_json
            execute_command_json neomind_extension_abi_version rust_begin_unwind rust_panic
            extism_alloc extism_free input output result
            wasm_minimal_protocol_send_result_to_host asyncify_start_unwind cabi_realloc table
            global data elem export import end
        }
    };
}
