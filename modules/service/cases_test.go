package service_test

import (
	"testing"

	"github.com/gdeploy/gdeploy/modules/moduletest"
	"github.com/gdeploy/gdeploy/modules/service"
)

func TestCases(t *testing.T) { moduletest.Run(t, service.Spec) }
