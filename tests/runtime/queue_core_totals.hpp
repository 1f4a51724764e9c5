#pragma once

#include "runtime/queue_core_memory.hpp"
#include "support/credit_census.hpp"

// Queues with a total, and the count of their credits.
namespace queue_core {

inline core::queue_shape with_total(std::uint32_t total, std::uint32_t capacity = 4,
                                    std::uint32_t participants = 3) {
  auto shape = small(capacity, participants);
  shape.total = total;
  return shape;
}

inline std::string trouble(const memory_queue& q) {
  return support::count_credits(q.view(), {&q.view()}).trouble(q.view().shape().total);
}
inline std::uint64_t free_credits(const memory_queue& q) {
  return support::count_credits(q.view(), {&q.view()}).free;
}

}  // namespace queue_core
