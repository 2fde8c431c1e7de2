package pymath_test

import (
	"math"
	"testing"

	"github.com/gdeploy/gdeploy/jinja/pymath"
)

func TestPowIsRightToTheLastDigit(t *testing.T) {
	for _, c := range []struct{ x, y, want float64 }{
		{2, 2.5, 5.656854249492381}, {2, 1.0 / 3, 1.2599210498948732}, {1e300, 1.0 / 3, 9.999999999999872e+99},
		{1000, 2.5, 31622776.60168379}, {-2, 3, -8}, {-8, -1, -0.125}, {0, 0, 1}, {10, 308, 1e308}, {2, -1074, 5e-324}, {1, math.Inf(1), 1},
	} {
		if got := pymath.Pow(c.x, c.y); got != c.want {
			t.Errorf("Pow(%v, %v) = %v, want %v", c.x, c.y, got, c.want)
		}
	}
}

func TestLogIsRightToTheLastDigit(t *testing.T) {
	for x, want := range map[float64]float64{2: 0.6931471805599453, 10: 2.302585092994046, 1e300: 690.7755278982137, 1e-300: -690.7755278982137, 0.1: -2.3025850929940455} {
		if got := pymath.Log(x); got != want {
			t.Errorf("Log(%v) = %v, want %v", x, got, want)
		}
	}
}
