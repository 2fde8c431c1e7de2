package probe

import "testing"

func TestAWordIsNotFoundInALongerOne(t *testing.T) {
	for _, c := range []struct {
		text, word string
		want       bool
	}{
		{`{"version": "v1"}`, "v1", true},
		{"v10 v1", "v1", true},
		{"v1.", "v1", true},
		{"/opt/webroot/shop_v1/", "v1", true},
		{"shop-48f96d_20261123-180337\n", "48f96d_20261123-180337", true},
		{`{"version": "v10"}`, "v1", false},
		{"v1.2", "v1", false},
		{"v1.2", "2", false},
		{"21", "1", false},
		{"v1-rc1", "v1", false},
		{"v1_20261123", "v1", false},
		{"", "v1", false},
	} {
		if got := hasWord(c.text, c.word); got != c.want {
			t.Errorf("%q in %q: %v", c.word, c.text, got)
		}
	}
}
