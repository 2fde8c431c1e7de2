package blockinfile_test

import (
	"testing"

	"github.com/gdeploy/gdeploy/modules/blockinfile"
	"github.com/gdeploy/gdeploy/modules/moduletest"
)

func TestCases(t *testing.T) { moduletest.Run(t, blockinfile.Spec) }
