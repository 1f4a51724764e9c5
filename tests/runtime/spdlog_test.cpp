#include <bulkhead/spdlog_sink.hpp>

#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>
#include <sstream>

#include "support/catch.hpp"

TEST_CASE("the sink for spdlog writes at its levels, the line as it is", "[log][unit]") {
  std::ostringstream out;
  auto logger = std::make_shared<spdlog::logger>(
      "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(out));
  logger->set_pattern("%l %v");
  const auto sink = bulkhead::make_spdlog_sink(logger);
  sink->write(bulkhead::log_level::info, "a {} b");
  sink->write(bulkhead::log_level::warning, "c");
  sink->write(bulkhead::log_level::error, "d");
  CHECK(out.str() == "info a {} b\nwarning c\nerror d\n");
}
