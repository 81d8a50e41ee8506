// SPDX-License-Identifier: MIT
// Copyright (c) 2026 The QDA authors
//
// The public header is C++, too.
#include <qda.h>

#include <cerrno>

int main()
{
	qda_device *dev = nullptr;

	return qda_device_open(nullptr, &dev) == -EINVAL && !dev ? 0 : 1;
}
