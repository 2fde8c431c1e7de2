package apt_test

import (
	"testing"

	"github.com/gdeploy/gdeploy/modules/apt"
	"github.com/gdeploy/gdeploy/modules/moduletest"
)

func TestCases(t *testing.T) { moduletest.Run(t, apt.Spec) }
