package lb_test

import (
	"testing"

	"github.com/gdeploy/gdeploy/modules/lb"
	"github.com/gdeploy/gdeploy/modules/moduletest"
)

func TestCases(t *testing.T) { moduletest.Run(t, lb.Spec) }
