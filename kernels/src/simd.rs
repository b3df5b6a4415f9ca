//! Loops compiled for wider registers.

/// Declares a function that is compiled twice, for the baseline and for AVX2, and picks one at run time. Neither fuses multiplications and
/// additions, so both give the same bits.
macro_rules! wide {
    ($(#[$meta:meta])* $vis:vis fn $name:ident$(<$($g:ident: $bound:ident),+>)?($($arg:ident: $ty:ty),* $(,)?) $body:block) => {
        $(#[$meta])*
        $vis fn $name$(<$($g: $bound),+>)?($($arg: $ty),*) {
            #[inline(always)]
            fn body$(<$($g: $bound),+>)?($($arg: $ty),*) $body
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2")]
                fn avx2$(<$($g: $bound),+>)?($($arg: $ty),*) {
                    body($($arg),*)
                }
                if std::arch::is_x86_feature_detected!("avx2") {
                    // SAFETY: the processor has AVX2.
                    #[allow(unsafe_code)]
                    return unsafe { avx2($($arg),*) };
                }
            }
            body($($arg),*)
        }
    };
}
pub(crate) use wide;

/// Like [`wide!`], with an operation `$madd(a, b, c)` that is `a * b + c`: rounded once where the processor does that as fast.
macro_rules! fused {
    ($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $ty:ty),* $(,)?) with $madd:ident $body:block) => {
        $(#[$meta])*
        $vis fn $name($($arg: $ty),*) {
            #[inline(always)]
            fn body($($arg: $ty,)* $madd: impl Fn(f32, f32, f32) -> f32) $body
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2,fma")]
                fn fma($($arg: $ty),*) {
                    body($($arg,)* |a, b, c| a.mul_add(b, c))
                }
                if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
                    // SAFETY: the processor has AVX2 and FMA.
                    #[allow(unsafe_code)]
                    return unsafe { fma($($arg),*) };
                }
                body($($arg,)* |a, b, c| a * b + c)
            }
            #[cfg(not(target_arch = "x86_64"))]
            body($($arg,)* |a, b, c| if cfg!(target_arch = "aarch64") { a.mul_add(b, c) } else { a * b + c })
        }
    };
}
pub(crate) use fused;
