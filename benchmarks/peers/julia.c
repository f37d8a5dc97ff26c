/* Escape counts in C: as one would write it down, with GCC's vectors, and with the vectors of the
   processor: SSE2, AVX2, AVX-512 or NEON. */

#include <stdint.h>
#include <string.h>

typedef struct {
    int width, height, iterations;
    double cx, cy;
} julia;

void scalar(int32_t *counts, const double *xs, const double *ys, const julia *j)
{
    for (int row = 0; row < j->height; row++)
        for (int column = 0; column < j->width; column++) {
            double x = xs[column], y = ys[row];
            int i;
            for (i = 0; i < j->iterations; i++) {
                double xx = x * x, yy = y * y;
                if (xx + yy > 4.0)
                    break;
                y = 2.0 * x * y + j->cy;
                x = xx - yy + j->cx;
            }
            counts[(long)row * j->width + column] = i < j->iterations ? i : j->iterations - 1;
        }
}

typedef double doubles __attribute__((vector_size(64)));
typedef int64_t integers __attribute__((vector_size(64)));

/* VECTORS vectors of 8 pixels at a time; the width is a multiple of them, since xs is padded. */
#define GCC_VECTORS(VECTORS)                                                                       \
    void gcc_vectors_##VECTORS(int32_t *counts, const double *xs, const double *ys, const julia *j) \
    {                                                                                              \
        for (int row = 0; row < j->height; row++)                                                  \
            for (int column = 0; column < j->width; column += 8 * VECTORS) {                       \
                doubles x[VECTORS], y[VECTORS];                                                    \
                integers inside[VECTORS], steps[VECTORS];                                          \
                for (int v = 0; v < VECTORS; v++) {                                                \
                    memcpy(&x[v], xs + column + 8 * v, sizeof(doubles));                           \
                    y[v] = ys[row] - (doubles){0};                                                 \
                    inside[v] = ~(integers){0};                                                    \
                    steps[v] = (integers){0};                                                      \
                }                                                                                  \
                for (int i = 0; i < j->iterations; i++) {                                          \
                    integers any = {0};                                                            \
                    for (int v = 0; v < VECTORS; v++) {                                            \
                        doubles xx = x[v] * x[v], yy = y[v] * y[v];                                \
                        inside[v] &= xx + yy <= 4.0;                                               \
                        steps[v] -= inside[v];                                                     \
                        y[v] = 2.0 * x[v] * y[v] + j->cy;                                          \
                        x[v] = xx - yy + j->cx;                                                    \
                        any |= inside[v];                                                          \
                    }                                                                              \
                    int64_t all = 0;                                                               \
                    for (int lane = 0; lane < 8; lane++)                                           \
                        all |= any[lane];                                                          \
                    if (!all)                                                                      \
                        break;                                                                     \
                }                                                                                  \
                int32_t *out = counts + (long)row * j->width + column;                             \
                int left = j->width - column;                                                      \
                for (int k = 0; k < 8 * VECTORS && k < left; k++) {                                \
                    int64_t made = steps[k / 8][k % 8];                                            \
                    out[k] = made < j->iterations ? made : j->iterations - 1;                      \
                }                                                                                  \
            }                                                                                      \
    }

GCC_VECTORS(1)
GCC_VECTORS(4)

/* VECTORS vectors interleaved, each as wide as a register of SET. What has escaped stays so, by a
   mask; whether all have is looked at every 4 steps, so that some make up to 3 steps too many. */
#define STICKY(SET, VECTORS)                                                                       \
    void SET##_##VECTORS(int32_t *counts, const double *xs, const double *ys, const julia *j)      \
    {                                                                                              \
        enum { width = sizeof(SET##_doubles) / sizeof(double), together = VECTORS * width };       \
        const SET##_doubles cx = j->cx - (SET##_doubles){0}, cy = j->cy - (SET##_doubles){0};      \
        for (int row = 0; row < j->height; row++)                                                  \
            for (int column = 0; column < j->width; column += together) {                          \
                SET##_doubles x[VECTORS], y[VECTORS];                                              \
                SET##_integers inside[VECTORS], steps[VECTORS];                                    \
                for (int v = 0; v < VECTORS; v++) {                                                \
                    memcpy(&x[v], xs + column + width * v, sizeof x[v]);                           \
                    y[v] = ys[row] - (SET##_doubles){0};                                           \
                    inside[v] = ~(SET##_integers){0};                                              \
                    steps[v] = (SET##_integers){0};                                                \
                }                                                                                  \
                for (int i = 0; i < j->iterations; i += 4) {                                       \
                    for (int step = 0; step < 4; step++)                                           \
                        for (int v = 0; v < VECTORS; v++) {                                        \
                            SET##_doubles xx = x[v] * x[v], yy = y[v] * y[v];                      \
                            inside[v] &= SET##_at_most_four(xx + yy);                              \
                            steps[v] -= inside[v];                                                 \
                            y[v] = 2.0 * x[v] * y[v] + cy;                                         \
                            x[v] = xx - yy + cx;                                                   \
                        }                                                                          \
                    SET##_integers any = inside[0];                                                \
                    for (int v = 1; v < VECTORS; v++)                                              \
                        any |= inside[v];                                                          \
                    if (!SET##_any(any))                                                           \
                        break;                                                                     \
                }                                                                                  \
                int32_t *out = counts + (long)row * j->width + column;                             \
                int left = j->width - column;                                                      \
                for (int k = 0; k < together && k < left; k++) {                                   \
                    int64_t made = steps[k / width][k % width];                                    \
                    out[k] = made < j->iterations ? made : j->iterations - 1;                      \
                }                                                                                  \
            }                                                                                      \
    }

#if defined(__AVX2__)
#include <immintrin.h>

typedef __m256d avx2_doubles;
typedef __m256i avx2_integers;

static inline avx2_integers avx2_at_most_four(avx2_doubles squares)
{
    return _mm256_castpd_si256(_mm256_cmp_pd(squares, _mm256_set1_pd(4.0), _CMP_LE_OQ));
}

static inline int avx2_any(avx2_integers mask)
{
    return _mm256_movemask_pd(_mm256_castsi256_pd(mask));
}

STICKY(avx2, 1)
STICKY(avx2, 2)
STICKY(avx2, 4)
#elif defined(__SSE2__)
#include <emmintrin.h>

typedef __m128d sse2_doubles;
typedef __m128i sse2_integers;

static inline sse2_integers sse2_at_most_four(sse2_doubles squares)
{
    return _mm_castpd_si128(_mm_cmple_pd(squares, _mm_set1_pd(4.0)));
}

static inline int sse2_any(sse2_integers mask)
{
    return _mm_movemask_pd(_mm_castsi128_pd(mask));
}

STICKY(sse2, 1)
STICKY(sse2, 2)
STICKY(sse2, 4)
#elif defined(__ARM_NEON) && defined(__aarch64__)
#include <arm_neon.h>

typedef float64x2_t neon_doubles;
typedef int64x2_t neon_integers;

static inline neon_integers neon_at_most_four(neon_doubles squares)
{
    return vreinterpretq_s64_u64(vcleq_f64(squares, vdupq_n_f64(4.0)));
}

static inline int neon_any(neon_integers mask)
{
    return vmaxvq_u32(vreinterpretq_u32_s64(mask)) != 0;
}

STICKY(neon, 1)
STICKY(neon, 2)
STICKY(neon, 4)
#endif

#ifdef __AVX512VL__

#define AVX512(VECTORS)                                                                            \
    void avx512_##VECTORS(int32_t *counts, const double *xs, const double *ys, const julia *j)     \
    {                                                                                              \
        const __m512d cx = _mm512_set1_pd(j->cx), cy = _mm512_set1_pd(j->cy);                      \
        const __m512d two = _mm512_set1_pd(2.0), four = _mm512_set1_pd(4.0);                       \
        const __m512i one = _mm512_set1_epi64(1);                                                  \
        const __m512i largest = _mm512_set1_epi64(j->iterations - 1);                              \
        for (int row = 0; row < j->height; row++)                                                  \
            for (int column = 0; column < j->width; column += 8 * VECTORS) {                       \
                __m512d x[VECTORS], y[VECTORS];                                                    \
                __m512i steps[VECTORS];                                                            \
                __mmask8 inside[VECTORS], present[VECTORS];                                        \
                for (int v = 0; v < VECTORS; v++) {                                                \
                    int left = j->width - column - 8 * v;                                          \
                    present[v] = left >= 8 ? 0xff : left > 0 ? (1 << left) - 1 : 0;                \
                    inside[v] = present[v];                                                        \
                    x[v] = _mm512_maskz_loadu_pd(present[v], xs + column + 8 * v);                 \
                    y[v] = _mm512_set1_pd(ys[row]);                                                \
                    steps[v] = _mm512_setzero_si512();                                             \
                }                                                                                  \
                for (int i = 0; i < j->iterations; i++) {                                          \
                    int any = 0;                                                                   \
                    for (int v = 0; v < VECTORS; v++) {                                            \
                        __m512d xx = _mm512_mul_pd(x[v], x[v]), yy = _mm512_mul_pd(y[v], y[v]);    \
                        inside[v] = _mm512_mask_cmp_pd_mask(inside[v], _mm512_add_pd(xx, yy),      \
                                                            four, _CMP_LE_OQ);                     \
                        steps[v] = _mm512_mask_add_epi64(steps[v], inside[v], steps[v], one);      \
                        y[v] = _mm512_add_pd(_mm512_mul_pd(_mm512_mul_pd(two, x[v]), y[v]), cy);   \
                        x[v] = _mm512_add_pd(_mm512_sub_pd(xx, yy), cx);                           \
                        any |= inside[v];                                                          \
                    }                                                                              \
                    if (!any)                                                                      \
                        break;                                                                     \
                }                                                                                  \
                for (int v = 0; v < VECTORS; v++)                                                  \
                    _mm256_mask_storeu_epi32(                                                      \
                        counts + (long)row * j->width + column + 8 * v, present[v],                \
                        _mm512_cvtepi64_epi32(_mm512_min_epi64(steps[v], largest)));               \
            }                                                                                      \
    }

AVX512(1)
AVX512(2)
AVX512(4)
#endif
