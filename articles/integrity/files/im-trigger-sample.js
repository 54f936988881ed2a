// RequireReviewNote.js
// <b>Require Review Note</b>
// <p>Sample pre-event trigger for workflow items. When an item moves to the state given in the
// "Target State" parameter, the field given in "Note Field" must not be empty.</p>
//
// @param String Target State
// The state that requires a note, for example "In Review".
//
// @param String Note Field
// The long text field to check, for example "Review Note".
//
// Install as a rule trigger of type "pre". Try it on a staging server first.

var CATEGORY = "REVIEWNOTE";

var eb = bsf.lookupBean("siEnvironmentBean");
var delta = bsf.lookupBean("imIssueDeltaBean");
var params = bsf.lookupBean("parametersBean");

eb.setMessageCategory(CATEGORY);

function log(text) {
    eb.print("[" + CATEGORY + "] item " + delta.getID() + ": " + text);
}

// Field values are Java objects and may be null: always turn them into JavaScript strings first.
function asText(value) {
    return value === null || value === undefined ? "" : String(value).replace(/^\s+|\s+$/g, "");
}

function requiredParameter(name) {
    var value = asText(params.getParameter(name));
    if (value.length === 0) {
        eb.abortScript("Trigger RequireReviewNote: parameter \"" + name + "\" is not set.", true);
    }
    return value;
}

function main() {
    var targetState = requiredParameter("Target State");
    var noteField = requiredParameter("Note Field");

    var oldState = asText(delta.getOldState());
    var newState = asText(delta.getNewState());
    if (newState !== targetState || newState === oldState) {
        return;
    }

    var note = asText(delta.getNewFieldValue(noteField));
    log("moving from \"" + oldState + "\" to \"" + newState + "\", note has " + note.length + " characters");
    if (note.length === 0) {
        eb.abortScript("Please fill in \"" + noteField + "\" before moving the item to \"" + newState + "\".", true);
    }
}

main();
