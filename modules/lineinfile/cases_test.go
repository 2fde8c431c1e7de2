package lineinfile_test

import (
	"testing"

	"github.com/gdeploy/gdeploy/modules/lineinfile"
	"github.com/gdeploy/gdeploy/modules/moduletest"
)

func TestCases(t *testing.T) { moduletest.Run(t, lineinfile.Spec) }
