package sysctl_test

import (
	"testing"

	"github.com/gdeploy/gdeploy/modules/moduletest"
	"github.com/gdeploy/gdeploy/modules/sysctl"
)

func TestCases(t *testing.T) { moduletest.Run(t, sysctl.Spec) }
