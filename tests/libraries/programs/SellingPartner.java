import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;

/**
 * Sends what Amazon's SDK for Java sends (LWAClient, LWAAuthorizationSigner and ApiClient of
 * amzn/selling-partner-api-sdk), with Java's own HTTP client: JSON to the token's endpoint, an empty scope among
 * it, and the token in x-amz-access-token. Both addresses are settings of the SDK. The argument: door or proxy.
 */
public class SellingPartner {
    static final HttpClient CLIENT = HttpClient.newHttpClient();
    static final String US = "ATVPDKIKX0DER";
    static String way;
    static String token;

    public static void main(String[] words) throws Exception {
        way = words[0];
        var lines = new BufferedReader(new InputStreamReader(System.in));
        for (var step = lines.readLine(); step != null; step = lines.readLine()) {
            try {
                System.out.println("{\"answer\": \"" + escaped(done(step)) + "\"}");
            } catch (RuntimeException problem) {
                System.out.println("{\"error\": \"LWAException\", \"told\": \"" + escaped(problem.getMessage()) + "\"}");
            }
            System.out.flush();
        }
    }

    static String done(String step) throws Exception {
        switch (step) {
            case "anew":
                token = null;
                return "";
            case "listed":
                return call("GET", "/sellers/v1/marketplaceParticipations", null);
            case "read":
                var listed = call("GET", "/orders/v0/orders?MarketplaceIds=" + US + "&CreatedAfter=2026-01-01T00%3A00%3A00Z", null);
                return field("AmazonOrderId", call("GET", "/orders/v0/orders/" + field("AmazonOrderId", listed), null));
            default:
                var wanted = "{\"reportType\":\"GET_MERCHANT_LISTINGS_ALL_DATA\",\"marketplaceIds\":[\"" + US + "\"]}";
                var reports = "/reports/2021-06-30/";
                var number = field("reportId", call("POST", reports + "reports", wanted));
                String document = null;
                while (document == null) document = field("reportDocumentId", call("GET", reports + "reports/" + number, null));
                var address = field("url", call("GET", reports + "documents/" + document, null));
                var stored = CLIENT.send(HttpRequest.newBuilder(URI.create(address)).build(), BodyHandlers.ofInputStream());
                return new String(new GZIPInputStream(stored.body()).readAllBytes(), "UTF-8");
        }
    }

    /** As an API's class of the SDK: sign with a token, send, throw where Amazon refuses. */
    static String call(String method, String path, String body) throws Exception {
        if (token == null) token = tokenFromEndpoint();
        var endpoint = way.equals("proxy") ? System.getenv("DOOR") + "/spapi/na" : System.getenv("AMAZON");
        var request = HttpRequest.newBuilder(URI.create(endpoint + path))
                .header("Accept", "application/json")
                .header("Content-Type", "application/json")
                .header("User-Agent", "amazon-selling-partner-api-sdk/1.0/java")
                .header("x-amz-access-token", token)
                .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
        return good(CLIENT.send(request.build(), BodyHandlers.ofString()));
    }

    static String tokenFromEndpoint() throws Exception {
        var handle = (way.equals("proxy") ? "proxy:" : "") + "store:" + System.getenv("SELLER") + ":" + System.getenv("REGION");
        var body = "{\"grant_type\":\"refresh_token\",\"refresh_token\":\"" + handle
                + "\",\"client_id\":\"-\",\"client_secret\":\"" + System.getenv("KEY") + "\",\"scope\":\"\"}";
        var request = HttpRequest.newBuilder(URI.create(System.getenv("DOOR") + "/auth/o2/token"))
                .header("Content-Type", "application/json; charset=utf-8")
                .POST(BodyPublishers.ofString(body));
        return field("access_token", good(CLIENT.send(request.build(), BodyHandlers.ofString())));
    }

    static String good(HttpResponse<String> answer) {
        if (answer.statusCode() >= 300) throw new RuntimeException(answer.statusCode() + " " + answer.body());
        return answer.body();
    }

    static String field(String name, String json) {
        Matcher found = Pattern.compile("\"" + name + "\":\\s*\"([^\"]*)\"").matcher(json);
        return found.find() ? found.group(1) : null;
    }

    static String escaped(String text) {
        return text.replace("\\", "\\\\").replace("\"", "\\\"").replaceAll("[\\x00-\\x1f]", " ");
    }
}
