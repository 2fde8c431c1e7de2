package modules_test

import (
	"io/fs"
	"testing"

	"github.com/gdeploy/gdeploy/modules"
)

func TestModeApply(t *testing.T) {
	tests := []struct {
		mode  modules.Mode
		now   string
		isDir bool
		want  string
	}{
		{"0644", "0777", false, "0644"},
		{"4755", "0000", false, "4755"},
		{"1777", "0000", true, "1777"},
		{"", "0640", false, "0640"},
		{"preserve", "0640", false, "0640"},
		{"u=rwx,g=rx,o=", "0000", false, "0750"},
		{"a+r", "0200", false, "0644"},
		{"+x", "0644", false, "0755"},
		{"+w", "0444", false, "0644"},
		{"go-rwx", "0777", false, "0700"},
		{"a=rX", "0600", false, "0444"},
		{"a=rX", "0700", false, "0555"},
		{"a=rX", "0600", true, "0555"},
		{"u+s,g+s,o+t", "0755", false, "7755"},
		{"ug-s", "6755", false, "0755"},
		{"g=u", "0740", false, "0770"},
		{"o=g", "0750", false, "0755"},
		{"u=rw+x", "0000", false, "0700"},
	}
	for _, test := range tests {
		if got := modules.ModeText(test.mode.Apply(bits(t, test.now), test.isDir)); got != test.want {
			t.Errorf("%s on %s: got %s, want %s", test.mode, test.now, got, test.want)
		}
	}
}

func bits(t *testing.T, text string) fs.FileMode {
	t.Helper()
	return modules.Mode(text).Apply(0, false)
}
