#include "process_record.hpp"

#include "process_context.hpp"

namespace bulkhead::detail {
namespace {

struct record {
  bool initialised = false;
  bulkhead::runtime* rt = nullptr;
};

constinit record the_record;

// Never destroyed: a child's exit handlers may still use it.
std::shared_ptr<process_context>& the_context() noexcept {
  static auto* const context = new std::shared_ptr<process_context>;
  return *context;
}

}  // namespace

void process_record::set_initialised() noexcept { the_record.initialised = true; }

void process_record::set_child(std::shared_ptr<process_context> context,
                               bulkhead::runtime* rt) noexcept {
  the_context() = std::move(context);
  the_record = {true, rt};
}

bool process_record::initialised() noexcept { return the_record.initialised; }

const std::shared_ptr<process_context>& process_record::child_context() noexcept {
  return the_context();
}

process_heart* process_record::heart() noexcept {
  const auto& context = the_context();
  return context != nullptr ? context->heart() : nullptr;
}

bulkhead::runtime* process_record::child_runtime() noexcept { return the_record.rt; }

}  // namespace bulkhead::detail
