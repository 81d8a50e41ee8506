/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
#include "HAP_power.h"

#include "AEEStdErr.h"

int HAP_power_set(void *context, void *request)
{
	(void)context;
	return request ? AEE_SUCCESS : (int)AEE_EBADPARM;
}

int HAP_power_destroy_client(void *context)
{
	(void)context;
	return AEE_SUCCESS;
}

int HAP_power_get(void *context, void *response)
{
	(void)context;
	(void)response;
	return (int)AEE_EUNSUPPORTED;
}
