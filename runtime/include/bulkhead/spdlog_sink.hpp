#pragma once

#include <bulkhead/log_sink.hpp>
#include <memory>

namespace spdlog {
class logger;
}

namespace bulkhead {

/// Makes a sink that writes to a logger of spdlog, at its levels info, warn and err.
/// Link `bulkhead::spdlog`, which is there where the library was built with spdlog.
/// @limits logger: not null.
[[nodiscard]] std::shared_ptr<log_sink> make_spdlog_sink(std::shared_ptr<spdlog::logger> logger);

}  // namespace bulkhead
