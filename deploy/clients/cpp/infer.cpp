// Asks half_plus_two for 0.5 x + 2 with binary tensors: g++ -std=c++17 infer.cpp -lcurl && ./a.out [URL]
#include <curl/curl.h>

#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

// Floats are little-endian on every processor that this is made for.
static size_t take(char *bytes, size_t size, size_t count, void *body) {
    static_cast<std::string *>(body)->append(bytes, size * count);
    return size * count;
}

int main(int argc, char **argv) {
    const std::string url = std::string(argc > 1 ? argv[1] : "http://127.0.0.1:8501") + "/v2/models/half_plus_two/infer";
    const std::vector<float> x = {1, 2, 5};
    const size_t byte_count = x.size() * sizeof(float);
    const std::string head = R"({"inputs":[{"name":"x","shape":[)" + std::to_string(x.size()) +
                             R"(],"datatype":"FP32","parameters":{"binary_data_size":)" + std::to_string(byte_count) +
                             R"(}}],"parameters":{"binary_data_output":true}})";
    const std::string body = head + std::string(reinterpret_cast<const char *>(x.data()), byte_count);

    std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(), curl_easy_cleanup);
    curl_slist *fields = curl_slist_append(nullptr, ("Inference-Header-Content-Length: " + std::to_string(head.size())).c_str());
    fields = curl_slist_append(fields, "Content-Type: application/octet-stream");
    std::string response;
    curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, fields);
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, body.data());
    curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, 10L);
    curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &response);
    const CURLcode code = curl_easy_perform(curl.get());
    curl_slist_free_all(fields);
    if (code != CURLE_OK) {
        std::fprintf(stderr, "%s\n", curl_easy_strerror(code));
        return 1;
    }
    long status = 0;
    curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
    if (status != 200) {
        std::fprintf(stderr, "%ld: %s\n", status, response.c_str());
        return 1;
    }

    // With one output, its elements are what follows the JSON.
    curl_header *length = nullptr;
    if (curl_easy_header(curl.get(), "Inference-Header-Content-Length", 0, CURLH_HEADER, -1, &length) != CURLHE_OK) {
        std::fprintf(stderr, "the response has no binary part: %s\n", response.c_str());
        return 1;
    }
    const size_t start = std::stoul(length->value);
    if (start > response.size()) return 1;
    std::vector<float> y((response.size() - start) / sizeof(float));
    std::memcpy(y.data(), response.data() + start, y.size() * sizeof(float));
    for (size_t i = 0; i < y.size(); i++) std::printf("%s%.1f", i > 0 ? " " : "", y[i]);
    std::printf("\n");
}
