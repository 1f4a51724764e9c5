#include <bulkhead/spdlog_sink.hpp>
#include <cassert>
#include <utility>

#include <spdlog/logger.h>

namespace bulkhead {
namespace {

class sink final : public log_sink {
 public:
  explicit sink(std::shared_ptr<spdlog::logger> logger) : logger_(std::move(logger)) {
    assert(logger_ != nullptr);
  }

  void write(log_level level, std::string_view line) override {
    logger_->log(level_of(level), spdlog::string_view_t(line.data(), line.size()));
  }

 private:
  static spdlog::level::level_enum level_of(log_level level) {
    switch (level) {
      case log_level::info:
        return spdlog::level::info;
      case log_level::warning:
        return spdlog::level::warn;
      case log_level::error:
        break;
    }
    return spdlog::level::err;
  }

  std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace

std::shared_ptr<log_sink> make_spdlog_sink(std::shared_ptr<spdlog::logger> logger) {
  return std::make_shared<sink>(std::move(logger));
}

}  // namespace bulkhead
