// Convolutions of 3x3 with stride 1 and zero padding by Winograd's minimal filtering F(4x4, 3x3): 36 products for 16
// results in place of 144.  Source: Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2016, section 4.
//
// Pixels lie with their channels side by side (channels last).  A group of TILES tiles of 4x4 results goes through three
// steps that all stay in the second-level cache: their 6x6 inputs are transformed, 36 matrix products over the channels,
// and the results are transformed back, with bias and activation, in registers.
//
// Written with the vector types of GCC and Clang: one source for AVX-512, AVX2, NEON.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <type_traits>

#include <omp.h>

namespace {

#if defined(__AVX512F__)
constexpr int LANES = 16, SUMS = 24;
#elif defined(__AVX__)
constexpr int LANES = 8, SUMS = 12;
#else
constexpr int LANES = 4, SUMS = 24;
#endif
// SUMS vectors of results are in registers during a matrix product; what is left holds its operands.

constexpr int TILES = 24;  // a multiple of SUMS / 1, / 2, / 3 and / 4
constexpr int PIECES = 8;  // that a 1x1 convolution may take its channels from
constexpr int GAP = 16;    // floats between the 36 planes, so that they do not fall on the same lines of the cache

using Floats = float __attribute__((vector_size(LANES * 4)));
using Words = int32_t __attribute__((vector_size(LANES * 4)));
using Naturals = uint32_t __attribute__((vector_size(LANES * 4)));
using Halves = uint16_t __attribute__((vector_size(LANES * 2)));

struct bfloat16 {
    uint16_t bits;
};

template <class V>
inline V raw(const void *from) {
    V value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

inline Floats load(const float *from) { return raw<Floats>(from); }

inline Floats load(const bfloat16 *from) {
    return reinterpret_cast<Floats>(__builtin_convertvector(raw<Halves>(from), Naturals) << 16);
}

inline void store(float *to, Floats value) { std::memcpy(to, &value, sizeof value); }

inline void store(bfloat16 *to, Floats value) {
    const Naturals bits = reinterpret_cast<Naturals>(value);
    const Naturals rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;  // to nearest, ties to even
    const Halves halves = __builtin_convertvector(rounded, Halves);
    std::memcpy(to, &halves, sizeof halves);
}

inline Floats splat(float value) { return value - Floats{}; }

inline Floats larger(Floats a, Floats b) { return a < b ? b : a; }  // a, where a is not a number

// e^x to two units in the last place; x is held to where the result is a normal number.
inline Floats exponential(Floats x) {
    x = larger(x, splat(-87.f));
    x = x > 88.f ? splat(88.f) : x;
    const Floats shifted = x * 1.44269504f + 12582912.f;  // 1.5 * 2^23: the low bits are the rounded integer
    const Floats n = shifted - 12582912.f;
    const Floats r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
    Floats p = r * 1.9875691500e-4f + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 0.5f;
    p = p * r * r + r + 1.f;
    const Words power = (reinterpret_cast<Words>(shifted) << 23) + 0x3f800000;
    return p * reinterpret_cast<Floats>(power);
}

enum class Finish : int { add, leaky, silu, gate, attention };

// What becomes of a sum `h` before it is stored; `x` is the other operand where there is one (else 0).
template <Finish finish>
inline Floats finished(Floats h, Floats x, const float *slopes) {
    if constexpr (finish == Finish::add) return h + x;
    if constexpr (finish == Finish::leaky) {
        const Floats sum = h + x;
        return sum < 0.f ? sum * load(slopes) : sum;
    }
    if constexpr (finish == Finish::silu) {
        const Floats sum = h + x;
        return sum / (1.f + exponential(-sum));
    }
    if constexpr (finish == Finish::gate) return (h + x) * (1.f / (1.f + exponential(-h)) - 0.5f);
    if constexpr (finish == Finish::attention) return x / (1.f + exponential(-h));
}

inline void into_tile(const Floats d[6], Floats o[6]) {
    const Floats a = d[4] - 4.f * d[2], b = d[3] - 4.f * d[1], c = d[4] - d[2], e = 2.f * (d[3] - d[1]);
    o[0] = 4.f * d[0] - 5.f * d[2] + d[4];
    o[1] = a + b;
    o[2] = a - b;
    o[3] = c + e;
    o[4] = c - e;
    o[5] = 4.f * d[1] - 5.f * d[3] + d[5];
}

inline void out_of_tile(const Floats m[6], Floats o[4]) {
    const Floats s1 = m[1] + m[2], d1 = m[1] - m[2], s2 = m[3] + m[4], d2 = m[3] - m[4];
    o[0] = m[0] + s1 + s2;
    o[1] = d1 + 2.f * d2;
    o[2] = s1 + 4.f * s2;
    o[3] = d1 + 8.f * d2 + m[5];
}

// The last block of channels overlaps the one before it, so that none is cut.
inline int block_start(int block, int channels) { return std::min(block * LANES, channels - LANES); }

inline int blocks_of(int channels) { return (channels + LANES - 1) / LANES; }

template <class T>
void transform_inputs(const T *pixel, long row, long step, int channels, float *planes, long plane) {
    for (int block = 0; block < blocks_of(channels); ++block) {
        const int c = block_start(block, channels);
        Floats half[6][6];
        for (int j = 0; j < 6; ++j) {
            Floats d[6], o[6];
            for (int i = 0; i < 6; ++i) d[i] = load(pixel + i * row + j * step + c);
            into_tile(d, o);
            for (int i = 0; i < 6; ++i) half[i][j] = o[i];
        }
        for (int i = 0; i < 6; ++i) {
            Floats o[6];
            into_tile(half[i], o);
            for (int j = 0; j < 6; ++j) store(planes + (i * 6 + j) * plane + c, o[j]);
        }
    }
}

// Some channels of each of a line of pixels.
template <class T>
struct Channels {
    const T *data;
    long pixel;  // elements from one pixel to the next
    long channels;
};

using Piece = Channels<float>;

// For TILES pixels and BLOCKS blocks of results: sums[pixel][b] = sum over all channels k of all pieces of x[pixel][k] * w[k][b].
template <int BLOCKS>
void multiply(const Piece *pieces, int count, const float *w, long w_row, float *sums, long sums_row) {
    constexpr int ROWS = SUMS / BLOCKS;
    for (int first = 0; first < TILES; first += ROWS, sums += ROWS * sums_row) {
        Floats sum[ROWS][BLOCKS] = {};
        const float *weight = w;
        for (int p = 0; p < count; ++p) {
            const long pixel = pieces[p].pixel;
            const float *x = pieces[p].data + first * pixel;
            for (const float *end = x + pieces[p].channels; x < end; ++x, weight += w_row) {
                Floats weights[BLOCKS];
#pragma GCC unroll 4
                for (int b = 0; b < BLOCKS; ++b) weights[b] = load(weight + b * LANES);
#pragma GCC unroll 24
                for (int r = 0; r < ROWS; ++r) {
                    const Floats value = splat(x[r * pixel]);
#pragma GCC unroll 4
                    for (int b = 0; b < BLOCKS; ++b) sum[r][b] += value * weights[b];
                }
            }
        }
#pragma GCC unroll 24
        for (int r = 0; r < ROWS; ++r)
#pragma GCC unroll 4
            for (int b = 0; b < BLOCKS; ++b) store(sums + r * sums_row + b * LANES, sum[r][b]);
    }
}

void multiply_all(const Piece *pieces, int count, const float *w, int blocks, float *sums) {
    const long row = static_cast<long>(blocks) * LANES;
    for (int b = 0; b < blocks;) {
        const int left = blocks - b, take = left == 5 || left == 6 ? 3 : std::min(left, 4);
        const auto part = take == 1 ? multiply<1> : take == 2 ? multiply<2> : take == 3 ? multiply<3> : multiply<4>;
        part(pieces, count, w + b * LANES, row, sums + b * LANES, row);
        b += take;
    }
}

template <class T>
struct Picture {
    T *data;
    long batch, row, pixel;  // elements from one to the next; channels lie side by side

    Picture from(long number, long line, long column) const {
        return {data ? data + number * batch + line * row + column * pixel : nullptr, batch, row, pixel};
    }
};

struct Shape {
    int pictures, height, width, inputs, outputs;
    int shuffle;  // side of the square of pixels that the channels of one become; 1: they stay
};

// Floats that the planes of a group of tiles take, and the copy of a tile at the border.
inline long in_plane(int inputs) { return static_cast<long>(TILES) * inputs + GAP; }
inline long out_plane(int outputs) { return static_cast<long>(TILES) * blocks_of(outputs) * LANES + GAP; }
inline long scratch_floats(int inputs, int outputs) {
    return 36 * (in_plane(inputs) + out_plane(outputs) + std::max(inputs, outputs)) + LANES;
}

template <class T>
inline void store_some(T *to, Floats value, int channels) {
    if (channels >= LANES) {
        store(to, value);
    } else {
        T all[LANES];
        store(all, value);
        std::memcpy(to, all, channels * sizeof(T));
    }
}

template <class T, Finish finish>
void transform_results(const float *planes, long plane, const float *bias, Picture<T> y, Picture<const T> r, int outputs,
                       int height, int width, const float *slopes) {
    for (int block = 0; block < blocks_of(outputs); ++block) {
        const int c = std::max(block_start(block, outputs), 0);
        const Floats shift = load(bias + block * LANES);
        Floats half[4][6];
        for (int j = 0; j < 6; ++j) {
            Floats m[6], o[4];
            for (int i = 0; i < 6; ++i) m[i] = load(planes + (i * 6 + j) * plane + block * LANES);
            out_of_tile(m, o);
            for (int i = 0; i < 4; ++i) half[i][j] = o[i];
        }
        for (int i = 0; i < height; ++i) {
            Floats o[4];
            out_of_tile(half[i], o);
            for (int j = 0; j < width; ++j) {
                const Floats x = r.data ? load(r.data + i * r.row + j * r.pixel + c) : Floats{};
                const Floats value = finished<finish>(o[j] + shift, x, slopes + block * LANES);
                store_some(y.data + i * y.row + j * y.pixel + c, value, outputs);
            }
        }
    }
}

// A tile of 4x4 pixels, each holding side * side pixels row by row, to where they belong.
template <class T>
void spread(const T *tile, int outputs, int side, Picture<T> y, int height, int width) {
    const long line = outputs / side;
    for (int i = 0; i < height; ++i)
        for (int part = 0; part < side; ++part)
            for (int j = 0; j < width; ++j)
                std::memcpy(y.data + (i * side + part) * y.row + j * line, tile + (i * 4 + j) * outputs + part * line,
                            line * sizeof(T));
}

template <class T, Finish finish>
void convolve(Picture<const T> x, Picture<const T> r, const float *weights, const float *bias, Picture<T> y, Shape s,
              const float *slopes, float *scratch, int threads) {
    const int down = (s.height + 3) / 4, across = (s.width + 3) / 4, groups = (across + TILES - 1) / TILES;
    const int blocks = blocks_of(s.outputs), padded = blocks * LANES;
    const long in_step = in_plane(s.inputs), out_step = out_plane(s.outputs);
#pragma omp parallel num_threads(threads)
    {
        float *const in = scratch + omp_get_thread_num() * scratch_floats(s.inputs, s.outputs);
        float *const out = in + 36 * in_step;
        T *const edge = reinterpret_cast<T *>(out + 36 * out_step);
#pragma omp for schedule(dynamic, 2)
        for (int job = 0; job < s.pictures * down * groups; ++job) {
            const int picture = job / (down * groups), line = job / groups % down, first = job % groups * TILES;
            const int count = std::min(TILES, across - first), top = 4 * line - 1;
            const T *const from = x.data + picture * x.batch;
            for (int tile = 0; tile < count; ++tile) {
                const int left = 4 * (first + tile) - 1;
                float *const planes = in + tile * s.inputs;
                if (top >= 0 && left >= 0 && top + 6 <= s.height && left + 6 <= s.width) {
                    transform_inputs(from + top * x.row + left * x.pixel, x.row, x.pixel, s.inputs, planes, in_step);
                    continue;
                }
                std::memset(edge, 0, 36 * s.inputs * sizeof(T));
                for (int i = std::max(0, -top); i < std::min(6, s.height - top); ++i)
                    for (int j = std::max(0, -left); j < std::min(6, s.width - left); ++j)
                        std::memcpy(edge + (i * 6 + j) * s.inputs, from + (top + i) * x.row + (left + j) * x.pixel,
                                    s.inputs * sizeof(T));
                transform_inputs<T>(edge, 6 * s.inputs, s.inputs, s.inputs, planes, in_step);
            }
            for (int f = 0; f < 36; ++f) {
                const Piece plane{in + f * in_step, s.inputs, s.inputs};
                multiply_all(&plane, 1, weights + static_cast<long>(f) * s.inputs * padded, blocks, out + f * out_step);
            }
            for (int tile = 0; tile < count; ++tile) {
                const int row = 4 * line, column = 4 * (first + tile);
                const int high = std::min(4, s.height - row), wide = std::min(4, s.width - column);
                const Picture<T> target = y.from(picture, row * s.shuffle, column * s.shuffle);
                const Picture<T> into = s.shuffle > 1 ? Picture<T>{edge, 0, 4L * s.outputs, s.outputs} : target;
                transform_results<T, finish>(out + tile * padded, out_step, bias, into, r.from(picture, row, column),
                                             s.outputs, high, wide, slopes);
                if (s.shuffle > 1) spread(edge, s.outputs, s.shuffle, target, high, wide);
            }
        }
    }
}

template <class T>
void dispatch(const void *x, const long *xs, const void *r, const long *rs, const float *weights, const float *bias,
              void *y, const long *ys, const int *sizes, int finish, const float *slopes, float *scratch,
              int threads) {
    const Picture<const T> source{static_cast<const T *>(x), xs[0], xs[1], xs[2]};
    const Picture<const T> other{static_cast<const T *>(r), rs[0], rs[1], rs[2]};
    const Picture<T> target{static_cast<T *>(y), ys[0], ys[1], ys[2]};
    const Shape shape{sizes[0], sizes[1], sizes[2], sizes[3], sizes[4], sizes[5]};
    constexpr decltype(&convolve<T, Finish::add>) ways[] = {
        convolve<T, Finish::add>,  convolve<T, Finish::leaky>,     convolve<T, Finish::silu>,
        convolve<T, Finish::gate>, convolve<T, Finish::attention>,
    };
    ways[finish](source, other, weights, bias, target, shape, slopes, scratch, threads);
}

// All channels of TILES pixels side by side, in float32.
void gather(const Channels<bfloat16> *pieces, int count, long first, float *to) {
    long all = 0;
    for (int p = 0; p < count; ++p) all += pieces[p].channels;
    for (int p = 0; p < count; ++p) {
        const int channels = pieces[p].channels;
        for (int tile = 0; tile < TILES; ++tile) {
            const bfloat16 *const from = pieces[p].data + (first + tile) * pieces[p].pixel;
            float *const target = to + tile * all;
            if (channels >= LANES)
                for (int block = 0; block < blocks_of(channels); ++block)
                    store(target + block_start(block, channels), load(from + block_start(block, channels)));
            else
                for (int c = 0; c < channels; ++c) {
                    const uint32_t bits = static_cast<uint32_t>(from[c].bits) << 16;
                    std::memcpy(target + c, &bits, sizeof bits);
                }
        }
        to += channels;
    }
}

// A 1x1 convolution of pixels in one line, from pieces that lie side by side as if they were one.
template <class T, Finish finish>
void mix(const Channels<T> *pieces, int count, const T *r, long r_pixel, const float *weights, const float *bias, T *y,
         long pixels, int outputs, const float *slopes, float *scratch, int threads) {
    const int blocks = blocks_of(outputs), padded = blocks * LANES;
    const long groups = (pixels + TILES - 1) / TILES;
    long inputs = 0;
    for (int p = 0; p < count; ++p) inputs += pieces[p].channels;
#pragma omp parallel for num_threads(threads)
    for (long group = 0; group < groups; ++group) {
        float *const sums = scratch + omp_get_thread_num() * TILES * (padded + inputs);
        float *const gathered = sums + TILES * padded;
        // The last group overlaps the one before it.
        const long first = std::min(group * TILES, pixels - TILES);
        if constexpr (std::is_same_v<T, float>) {
            Piece here[PIECES];
            for (int p = 0; p < count; ++p)
                here[p] = {pieces[p].data + first * pieces[p].pixel, pieces[p].pixel, pieces[p].channels};
            multiply_all(here, count, weights, blocks, sums);
        } else {
            gather(pieces, count, first, gathered);
            const Piece here{gathered, inputs, inputs};
            multiply_all(&here, 1, weights, blocks, sums);
        }
        for (int tile = 0; tile < TILES; ++tile)
            for (int block = 0; block < blocks; ++block) {
                const int c = std::max(block_start(block, outputs), 0);
                const Floats h = load(sums + tile * padded + block * LANES) + load(bias + block * LANES);
                const Floats x = r ? load(r + (first + tile) * r_pixel + c) : Floats{};
                store_some(y + (first + tile) * outputs + c, finished<finish>(h, x, slopes + block * LANES), outputs);
            }
    }
}

template <class T>
void dispatch_mix(const void *const *pieces, const long *steps, const long *channels, int count, const void *r,
                  long r_pixel, const float *weights, const float *bias, void *y, long pixels, int outputs, int finish,
                  const float *slopes, float *scratch, int threads) {
    Channels<T> all[PIECES];
    for (int p = 0; p < count; ++p) all[p] = {static_cast<const T *>(pieces[p]), steps[p], channels[p]};
    constexpr decltype(&mix<T, Finish::add>) ways[] = {
        mix<T, Finish::add>,  mix<T, Finish::leaky>,     mix<T, Finish::silu>,
        mix<T, Finish::gate>, mix<T, Finish::attention>,
    };
    ways[finish](all, count, static_cast<const T *>(r), r_pixel, weights, bias, static_cast<T *>(y), pixels, outputs,
                 slopes, scratch, threads);
}

// Values in 0..1 to whole numbers in 0..white: rounded to nearest, ties to even; what is no number becomes 0.
template <class T>
void quantise(const float *from, long from_row, T *to, long to_row, long rows, long count, int threads) {
    constexpr float white = static_cast<T>(-1);
#pragma omp parallel for num_threads(threads)
    for (long row = 0; row < rows; ++row)
        for (long i = 0; i < count; ++i) {
            const float value = from[row * from_row + i] * white;
            const float positive = value > 0.f ? value : 0.f;
            const float held = positive < white ? positive : white;
            to[row * to_row + i] = static_cast<T>(static_cast<int32_t>((held + 8388608.f) - 8388608.f));
        }
}

}  // namespace

extern "C" {

int upscaler_lanes() { return LANES; }

// Floats of scratch that each thread needs.
long upscaler_scratch(int inputs, int outputs) { return scratch_floats(inputs, outputs); }

// x, r (or null) and y: elements of `half` ? bfloat16 : float32, with their strides (picture, row, pixel) in elements.
// weights: 36, inputs, blocks of outputs, lanes; bias, slopes: blocks of outputs, lanes; sizes: pictures, height, width, inputs,
// outputs.  scratch: zeros or what an earlier call left, for all threads.  finish: 0 sum with r, 1 leaky ReLU of it, 2 SiLU of it, 3 SPAN's gate of h with r.
void upscaler_conv3x3(const void *x, const long *xs, const void *r, const long *rs, const float *weights,
                      const float *bias, void *y, const long *ys, const int *sizes, int half, int finish, const float *slopes,
                      float *scratch, int threads) {
    (half ? dispatch<bfloat16> : dispatch<float>)(x, xs, r, rs, weights, bias, y, ys, sizes, finish, slopes, scratch,
                                                threads);
}

// count <= 8 pieces of at least 24 pixels; y: pixels, outputs, without gaps.  scratch: 24 floats for each input and for
// each output (filled up to blocks), for each thread.
void upscaler_conv1x1(const void *const *pieces, const long *steps, const long *channels, int count, const void *r,
                      long r_pixel, const float *weights, const float *bias, void *y, long pixels, int outputs, int half,
                      int finish, const float *slopes, float *scratch, int threads) {
    (half ? dispatch_mix<bfloat16> : dispatch_mix<float>)(pieces, steps, channels, count, r, r_pixel, weights, bias, y,
                                                          pixels, outputs, finish, slopes, scratch, threads);
}

// Rows of `count` float32 to uint8, or uint16 if `wide`; the distances of rows in elements.
void upscaler_quantise(const float *from, long from_row, void *to, long to_row, long rows, long count, int wide,
                       int threads) {
    if (wide)
        quantise(from, from_row, static_cast<uint16_t *>(to), to_row, rows, count, threads);
    else
        quantise(from, from_row, static_cast<uint8_t *>(to), to_row, rows, count, threads);
}
}
