"""Ed25519 by the libcrypto that the programs under test use, too; Python's own library has none.

    key = SigningKey()
    key.public      # 32 bytes
    key.sign(b"bytes")
"""

import ctypes
import ctypes.util
import os

ED25519 = 1087  # NID_ED25519
crypto = ctypes.CDLL(ctypes.util.find_library("crypto") or "libcrypto.so.3")
for name in ("EVP_PKEY_new_raw_private_key", "EVP_MD_CTX_new"):
    getattr(crypto, name).restype = ctypes.c_void_p


class SigningKey:
    def __init__(self):
        self._key = ctypes.c_void_p(crypto.EVP_PKEY_new_raw_private_key(ED25519, None, os.urandom(32), ctypes.c_size_t(32)))
        assert self._key, "libcrypto makes no key"
        public, size = ctypes.create_string_buffer(32), ctypes.c_size_t(32)
        assert crypto.EVP_PKEY_get_raw_public_key(self._key, public, ctypes.byref(size)) == 1
        self.public = public.raw

    def sign(self, content):
        context = ctypes.c_void_p(crypto.EVP_MD_CTX_new())
        signature, size = ctypes.create_string_buffer(64), ctypes.c_size_t(64)
        made = crypto.EVP_DigestSignInit(context, None, None, None, self._key) == 1 and crypto.EVP_DigestSign(
            context, signature, ctypes.byref(size), content, ctypes.c_size_t(len(content))
        )
        crypto.EVP_MD_CTX_free(context)
        assert made == 1, "libcrypto does not sign"
        return signature.raw
