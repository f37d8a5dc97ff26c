/* A picture with smooth colours in C, as one would write it down: each point by itself, logarithms by
   the library, means of linear light in doubles. */

#include <math.h>
#include <stdint.h>

typedef struct {
    int width, height, samples, steps, colours;
    double cx, cy, pace;
} drawing;

/* cycle: linear light of the colours, the first one again after the last; encode: the value of
   a component for each linear light from 0 to 65535. */
void smooth(uint8_t *out, const double *xs, const double *ys, const double *cycle,
            const uint8_t *encode, const drawing *d)
{
    int s = d->samples;
    for (int row = 0; row < d->height; row++)
        for (int column = 0; column < d->width; column++) {
            double red = 0.0, green = 0.0, blue = 0.0;
            for (int j = 0; j < s; j++)
                for (int i = 0; i < s; i++) {
                    double x = xs[column * s + i], y = ys[row * s + j], xx = x * x, yy = y * y;
                    int n;
                    for (n = 0; n < d->steps && xx + yy <= 65536.0; n++) {
                        y = 2.0 * x * y + d->cy;
                        x = xx - yy + d->cx;
                        xx = x * x;
                        yy = y * y;
                    }
                    if (n == d->steps)
                        continue;
                    double count = n + 1.0 - log2(0.5 * log2(xx + yy));
                    if (count < 1.0)
                        count = 1.0 / (2.0 - count);
                    double place = d->pace * sqrt(count);
                    long whole = (long)place;
                    double part = place - whole;
                    const double *first = cycle + 3 * (whole % d->colours);
                    red += first[0] + part * (first[3] - first[0]);
                    green += first[1] + part * (first[4] - first[1]);
                    blue += first[2] + part * (first[5] - first[2]);
                }
            uint8_t *pixel = out + 3 * ((long)row * d->width + column);
            pixel[0] = encode[(int)(red / (s * s) + 0.5)];
            pixel[1] = encode[(int)(green / (s * s) + 0.5)];
            pixel[2] = encode[(int)(blue / (s * s) + 0.5)];
        }
}
