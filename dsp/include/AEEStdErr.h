/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The QDA authors */
/*
 * Results of DSP code. Nearly every code but success carries the offset that FastRPC's
 * DSP software uses, so that the number the caller sees is the number given here.
 */
#ifndef QDA_AEESTDERR_H
#define QDA_AEESTDERR_H

#define AEE_SUCCESS	  0
#define AEE_OFFSET	  0x80000400

#define AEE_EFAILED	  (AEE_OFFSET + 0x001)
#define AEE_ENOMEMORY	  (AEE_OFFSET + 0x002)
#define AEE_EUNABLETOLOAD (AEE_OFFSET + 0x006)
#define AEE_EEXPIRED	  (AEE_OFFSET + 0x00c)
#define AEE_EBADSTATE	  (AEE_OFFSET + 0x00d)
#define AEE_EBADPARM	  (AEE_OFFSET + 0x00e)
#define AEE_EBADITEM	  (AEE_OFFSET + 0x010)
#define AEE_EUNSUPPORTED  (AEE_OFFSET + 0x014)
#define AEE_EITEMBUSY	  (AEE_OFFSET + 0x020)
#define AEE_ENOSUCHHANDLE (AEE_OFFSET + 0x027)
#define AEE_ENOSUCHMOD	  (AEE_OFFSET + 0x03e)
#define AEE_ENOSUCHMAP	  (AEE_OFFSET + 0x048)
#define AEE_EBADMAPREFCNT (AEE_OFFSET + 0x085)

/* Two have no offset on the DSP either. */
#define AEE_ENOSUCH	39
#define AEE_EWOULDBLOCK 516

#endif
