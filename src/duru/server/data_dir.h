// The data folder of a server: DIR/address, DIR/pid, DIR/token (0600), and how files in it are
// written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "duru/base/result.h"

namespace duru {

// Makes DIR and its missing parents (0700 for DIR). kDenied when others may write there.
Status make_data_dir(const std::string& dir);

// DIR/name with this content, 0600: temporary file, fsync, rename, fsync of the folder.
Status write_private_file(const std::string& dir, const std::string& name,
                          const std::string& content);

// DIR/name whole; nothing when there is no such file. A file that is there and cannot be read is an
// error, never "not there": whoever asks would put a new one in its place.
Result<std::optional<std::string>> read_file_of(const std::string& dir, const std::string& name);

// The access token: made at the first start, 256 random bits as base32, then kept.
Result<std::string> load_or_make_token(const std::string& dir);

// 32 random bits from the kernel; for ids.
std::uint32_t random_bits();
// An installation's id: 8 characters of base32.
std::string draw_installation();

}  // namespace duru
